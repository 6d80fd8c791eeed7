/** What `npm run peers` saw, as docs/compatibility.md shows it. */
import { table } from "../table.ts";
import { LIBRARY, type Meeting, type Meetings } from "./meetings.ts";
import type { PeerProgram } from "./peer-programs.ts";

const NONE = "–";

/** What was run. */
export const versionsTable = (programs: readonly PeerProgram[]): string =>
  table(
    ["implementation", "version"],
    programs.map(({ name, version }) => [name, version]),
  );

/** How many of the owners joined and read. */
export function count({ meetings }: Meetings): string {
  const read = meetings.filter(({ failure }) => failure === undefined).length;
  return `${read} of ${meetings.length} joined and read`;
}

/** Whose packages were claimed, who claimed, and in which suites the owner joined and read. */
export function meetingsTable({ names, suites, meetings }: Meetings): string {
  const adders = names.filter((name) => meetings.some(({ adder }) => adder === name));
  const owners = [...adders, LIBRARY];
  const cell = (owner: string, adder: string) => {
    const read = meetings.filter((one) => one.owner === owner && one.adder === adder && one.failure === undefined);
    if (read.length === 0) return NONE;
    return read.length === suites.length ? "all" : suiteList(read.map(({ suite }) => suite));
  };
  const rows = owners.map((owner) => [owner, ...adders.map((adder) => cell(owner, adder))]);
  return table(["packages of ↓, added by →", ...adders], rows);
}

/** Which suites each implementation lacks, in its own words. */
export function lackingList({ lacking }: Meetings): string {
  const groups = Map.groupBy(lacking, ({ name, why }) => `${name} has no [], it says: ${why}`);
  return bullets(groups);
}

/** Where it ended for those who have the suite and did not read each other. */
export function failureList({ meetings }: Meetings): string {
  const failed = meetings.filter((one): one is Meeting & { failure: string } => one.failure !== undefined);
  return bullets(Map.groupBy(failed, ({ owner, adder, failure }) => `${owner}, added by ${adder}, in []: ${failure}`));
}

/** One line for each group; `[]` in its name stands for the suites. */
function bullets(groups: ReadonlyMap<string, readonly { readonly suite: number }[]>): string {
  const lines = [...groups].map(
    ([name, of]) => `- ${name.replace("[]", () => suiteList(of.map(({ suite }) => suite)))}`,
  );
  return lines.join("\n");
}

/** As docs/suites.md writes numbers: those that IANA has not assigned in hexadecimal. */
const suiteList = (suites: readonly number[]): string =>
  suites
    .map((suite) => (suite < 8 ? String(suite) : `0x${suite.toString(16).toUpperCase().padStart(4, "0")}`))
    .join(", ");
