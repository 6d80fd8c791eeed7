/**
 * `npm run chaos -- [--rounds N] [--seconds S] [--seed N] [--json FILE] [--keep FOLDER]`: a directory on disk under
 * load, killed N times after about S seconds each, and a checker over everything that its callers saw.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { engage } from "./actors/company.ts";
import { check } from "./checker.ts";
import { type Ask, finalState } from "./final-state.ts";
import type { History } from "./history.ts";
import { judged } from "./rules/nothing-lost.ts";
import { install, start } from "./server/server.ts";
import { timelineOf } from "./timeline.ts";

/** Half of the users have two clients, and half are gentle, in every combination. */
const USERS = [
  { user: "ada", clients: ["phone", "tablet"], gentle: true },
  { user: "ben", clients: ["phone"], gentle: true },
  { user: "cleo", clients: ["phone", "tablet"], gentle: false },
  { user: "dan", clients: ["phone"], gentle: false },
  { user: "eve", clients: ["phone", "tablet"], gentle: true },
  { user: "finn", clients: ["phone"], gentle: false },
] as const;
const OWNERS = USERS.flatMap(({ user, clients, gentle }) => clients.map((client) => ({ user, client, gentle })));
/** The share of a run in which an operator may void and mend what the rules are about; the rest is judged. */
const EARLY_SHARE = 1 / 3;
const MAX_SHOWN_VIOLATIONS = 20;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    json: { type: "string" },
    keep: { type: "string" },
  },
});
const rounds = natural("rounds", values.rounds);
const seconds = natural("seconds", values.seconds);
const seed = natural("seed", values.seed);

const folder = values.keep ?? mkdtempSync(join(tmpdir(), "kpd-chaos-"));
mkdirSync(folder, { recursive: true });
console.log(`chaos: ${rounds} rounds of about ${seconds} s, seed ${seed}`);
const startedMs = Date.now();
const history = await survive();
if (values.keep) writeFileSync(join(folder, "history.json"), JSON.stringify(history));
else rmSync(folder, { recursive: true, force: true });

const violations = check(history);
const judgedPackages = judged(timelineOf(history));
const figures = {
  rounds,
  seconds_a_round: seconds,
  seed,
  kills: rounds,
  wall_seconds: Math.round((Date.now() - startedMs) / 1000),
  operations: history.operations.length,
  by_kind: countBy(history.operations, ({ kind }) => kind),
  by_status: countBy(history.operations, ({ status }) => String(status ?? "none")),
  repeated_calls: history.operations.filter(({ tries }) => tries > 1).length,
  unanswered: history.operations.filter(({ status }) => status === undefined).length,
  packages_published: history.operations
    .flatMap((one) => (one.kind === "publish" ? one.codes : []))
    .filter((code) => code === "stored").length,
  publish_codes: countBy(
    history.operations.flatMap((one) => (one.kind === "publish" ? one.codes : [])),
    (code) => code,
  ),
  /** Acknowledged and not ended by anybody before the end, so that each must be live or claimed. */
  judged_packages: judgedPackages.length,
  judged_and_live: judgedPackages.filter(({ liveAtEnd }) => liveAtEnd).length,
  claim_outcomes: countBy(
    history.operations.flatMap((one) => (one.kind === "claim" ? one.users.flatMap(({ clients }) => clients) : [])),
    ({ status }) => status,
  ),
  violations: violations.length,
};
console.log(JSON.stringify(figures, null, 2));
for (const { rule, what } of violations.slice(0, MAX_SHOWN_VIOLATIONS)) console.log(`VIOLATION ${rule}: ${what}`);
if (values.json) writeFileSync(values.json, JSON.stringify({ ...figures, violations_found: violations }, null, 2));
process.exitCode = violations.length > 0 ? 1 : 0;

async function survive(): Promise<History> {
  const installation = await install(folder);
  let server = await start(installation);
  const company = await engage(
    {
      publishers: 2,
      claimers: 2,
      owners: OWNERS,
      publisherPauseMs: 150,
      adderPauseMs: 30,
      earlyMs: rounds * seconds * 1000 * EARLY_SHARE,
      seed,
    },
    installation.address,
    installation.key,
    folder,
  );
  try {
    for (let round = 1; round <= rounds; round++) {
      // Uniform around the span that was asked for: the kill meets every kind of work.
      await new Promise((done) => setTimeout(done, seconds * 1000 * (0.5 + Math.random())));
      await server.kill();
      server = await start(installation);
      console.log(`killed and started ${round} of ${rounds}`);
    }
    const operations = await company.end();
    const ask: Ask = async (as, method, path, body) => {
      const response = await fetch(installation.address + path, {
        method,
        headers: {
          authorization: `Bearer ${company.tokens[as]}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return response.json();
    };
    const clients = await finalState(ask, "operator/console", OWNERS);
    return { operations, final: { atMs: Date.now(), clients } };
  } finally {
    company.kill();
    await server.kill();
  }
}

function natural(name: string, text: string): number {
  if (!/^[0-9]{1,12}$/.test(text)) throw new Error(`--${name} must be a whole number, not ${text}`);
  return Number(text);
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(items, keyOf)].map(([key, group]) => [key, group.length]));
}
