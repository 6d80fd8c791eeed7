/**
 * Whom operators have blocked, as this isolate knows it: read once per minute beside requests, and waited for by none.
 * Budgets hold without it. A new isolate lets its first requests through until the list has come.
 */
import { BLOCKED_CALLERS_CACHE_MS } from "../../config/limits.ts";
import type { BlockedCaller } from "../../contract/operator-records.ts";
import { type PoolPlacement, poolIdOf, type RecordsPlacement } from "../../pool/address.ts";
import { unixSeconds } from "../../shared/time.ts";
import { askRecords } from "./operator-records.ts";

/** Of this isolate. `until` in unix seconds, by pool; infinite for a block without an end. */
const known = { until: new Map<string, number>(), askedAtMs: Number.NEGATIVE_INFINITY };

export function isBlocked(env: PoolPlacement, user: string, now: number): boolean {
  return known.until.size > 0 && (known.until.get(poolIdOf(env, user)) ?? 0) > now;
}

/** Replaces what is known. */
export function rememberBlocked(callers: readonly BlockedCaller[]): void {
  known.until = new Map(callers.map(({ pool, until }) => [pool, until ?? Number.POSITIVE_INFINITY]));
}

/** Reads the list again if that was not done within the cache span. The time of asking counts, so there is one at a time. */
export function refreshBlocked(env: RecordsPlacement, inBackground: (work: Promise<unknown>) => void): void {
  if (Math.abs(Date.now() - known.askedAtMs) < BLOCKED_CALLERS_CACHE_MS) return;
  known.askedAtMs = Date.now();
  inBackground(rereadBlocked(env));
}

/** The list as it is now, which the isolate goes by from here on. Without an answer the old one stays in force. */
export async function rereadBlocked(env: RecordsPlacement) {
  const callers = await askRecords(env, (records) => records.blocked());
  if (callers.ok) rememberBlocked(callers.value);
  return callers;
}

/** Those whose block is not over at `now`, in unix seconds. */
export const inForce = (callers: readonly BlockedCaller[], nowMs: number): readonly BlockedCaller[] =>
  callers.filter(({ until }) => until === undefined || until > unixSeconds(nowMs));
