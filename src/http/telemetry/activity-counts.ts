/**
 * Who claims, who is claimed from and who is refused, as this isolate has seen it since it last told the object that
 * keeps operators' records: names are in its memory alone, what it sends names users by the id of their pool. What an
 * isolate has not sent when it ends is lost, and nothing but a list for operators depends on it.
 */
import { ACTIVITY_NAMES, ACTIVITY_SEND_MS } from "../../config/limits.ts";
import { ACTIVITY_LISTS, type Activity } from "../../contract/record-messages.ts";
import { type PoolPlacement, poolIdOf, type RecordsPlacement } from "../../pool/address.ts";
import { add, newTally, type Tally, trim } from "../../shared/heavy-hitters.ts";
import { unixSeconds } from "../../shared/time.ts";
import { askRecords } from "../upstream/ask-records.ts";

const nothing = () => ({ claimers: newTally(), targets: newTally(), refusals: newTally() });

/** Of this isolate. */
const known = { counts: nothing(), sentAtMs: 0 };

/** One claim for each of the users. */
export function noteClaims(claimer: string, users: readonly string[]): void {
  for (const user of users) {
    add(known.counts.claimers, claimer, ACTIVITY_NAMES);
    add(known.counts.targets, user, ACTIVITY_NAMES);
  }
}

/** A request of the user that was answered with this problem. */
export function noteRefusal(user: string, code: string): void {
  add(known.counts.refusals, `${code} ${user}`, ACTIVITY_NAMES);
}

/** Sends what was counted, if there is anything and it was not done within the span. At most one call per span and isolate. */
export function sendActivity(
  env: PoolPlacement & RecordsPlacement,
  nowMs: number,
  inBackground: (work: Promise<unknown>) => void,
): void {
  if (Math.abs(nowMs - known.sentAtMs) < ACTIVITY_SEND_MS) return;
  const { counts } = known;
  if (ACTIVITY_LISTS.every((list) => counts[list].total === 0)) return;
  known.counts = nothing();
  known.sentAtMs = nowMs;
  const poolOf = (user: string) => poolIdOf(env, user);
  // Whatever goes wrong from here on is a line in the log, and nothing to the request.
  inBackground(askRecords(env, (records) => records.addActivity(batchOf(counts, poolOf), unixSeconds(nowMs))));
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
