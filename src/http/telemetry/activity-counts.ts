/**
 * Who claims, who is claimed from and who is refused, and how much of that there was, as this isolate has seen it since it
 * last told the object that keeps operators' records: names are in its memory alone, what it sends names users by the id
 * of their pool. What an isolate has not sent when it ends is lost, and nothing but what operators see depends on it.
 */
import { ACTIVITY_NAMES, ACTIVITY_SEND_MS } from "../../config/limits.ts";
import type { ClientClaim } from "../../contract/claim-messages.ts";
import { ACTIVITY_LISTS, type Activity } from "../../contract/record-messages.ts";
import type { SeriesName } from "../../contract/series-messages.ts";
import { type PoolPlacement, poolIdOf, type RecordsPlacement } from "../../pool/address.ts";
import { add, newTally, type Tally, trim } from "../../shared/heavy-hitters.ts";
import { unixSeconds } from "../../shared/time.ts";
import { PROBLEMS, type ProblemCode } from "../refusals/problem-codes.ts";
import { askRecords } from "../upstream/ask-records.ts";

const nothing = () => ({ claimers: newTally(), targets: newTally(), refusals: newTally() });
const none = (): Partial<Record<SeriesName, number>> => ({});

/** Of this isolate. */
const known = { counts: nothing(), series: none(), sentAtMs: 0 };

/** One claim for each of the users. */
export function noteClaims(claimer: string, users: readonly string[]): void {
  for (const user of users) {
    add(known.counts.claimers, claimer, ACTIVITY_NAMES);
    add(known.counts.targets, user, ACTIVITY_NAMES);
  }
}

/** What the clients of a user gave to a claim; not for an answer that is given again. */
export function noteGiven(clients: readonly ClientClaim[]): void {
  for (const { status } of clients) {
    const name = GIVEN[status];
    if (name !== undefined) note(name);
  }
}

const GIVEN = {
  claimed: "claims_one_time",
  last_resort: "claims_last_resort",
  exhausted: "claims_missed",
  incompatible: "claims_missed",
  rate_limited: "claims_rate_limited",
  // It was not asked.
  excluded: undefined,
} as const satisfies Readonly<Record<ClientClaim["status"], SeriesName | undefined>>;

/** A request that was answered with this problem; of nobody if it came without a good token. */
export function noteRefusal(user: string | undefined, code: ProblemCode): void {
  const { status } = PROBLEMS[code];
  if (status === 429) note("refusals_rate_limited");
  else if (status === 401 || status === 403) note("refusals_not_allowed");
  else note(status >= 500 ? "refusals_failed" : "refusals_other");
  if (user !== undefined) add(known.counts.refusals, `${code} ${user}`, ACTIVITY_NAMES);
}

function note(name: SeriesName): void {
  known.series[name] = (known.series[name] ?? 0) + 1;
}

/** Sends what was counted, if there is anything and it was not done within the span. At most one call per span and isolate. */
export function sendActivity(
  env: PoolPlacement & RecordsPlacement,
  nowMs: number,
  inBackground: (work: Promise<unknown>) => void,
): void {
  if (Math.abs(nowMs - known.sentAtMs) < ACTIVITY_SEND_MS) return;
  const { counts, series } = known;
  if (Object.keys(series).length === 0 && ACTIVITY_LISTS.every((list) => counts[list].total === 0)) return;
  known.counts = nothing();
  known.series = none();
  known.sentAtMs = nowMs;
  const poolOf = (user: string) => poolIdOf(env, user);
  // Whatever goes wrong from here on is a line in the log, and nothing to the request.
  inBackground(askRecords(env, (records) => records.addActivity(batchOf(counts, poolOf), series, unixSeconds(nowMs))));
}

const batchOf = (counts: ReturnType<typeof nothing>, poolOf: (user: string) => string): Activity => ({
  claimers: named(counts.claimers, poolOf),
  targets: named(counts.targets, poolOf),
  refusals: named(counts.refusals, (name) => {
    const [code = ""] = name.split(" ", 1);
    return `${code} ${poolOf(name.slice(code.length + 1))}`;
  }),
});

/** Under other names, and no more of them than are kept. */
function named(tally: Tally, nameOf: (name: string) => string): Tally {
  trim(tally, ACTIVITY_NAMES);
  return { ...tally, counts: new Map([...tally.counts].map(([name, count]) => [nameOf(name), count])) };
}
