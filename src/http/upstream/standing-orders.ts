/**
 * What operators ordered for every isolate, as this one knows it: whom they blocked, and which keys of an issuer are too
 * old. Read once per minute beside requests, and waited for by none. Budgets hold without it. A new isolate lets its first
 * requests through until the orders have come.
 */
import { ORDERS_CACHE_MS } from "../../config/limits.ts";
import type { BlockedCaller, IssuerKeyMark, StandingOrders } from "../../contract/record-messages.ts";
import { type PoolPlacement, poolIdOf, type RecordsPlacement } from "../../pool/address.ts";
import { unixSeconds } from "../../shared/time.ts";
import { askRecords } from "./ask-records.ts";

/** Of this isolate. `until` in unix seconds, by pool; infinite for a block without an end. */
const known = {
  until: new Map<string, number>(),
  keyMarks: [] as readonly IssuerKeyMark[],
  askedAtMs: Number.NEGATIVE_INFINITY,
};

export function isBlocked(env: PoolPlacement, user: string, now: number): boolean {
  return known.until.size > 0 && (known.until.get(poolIdOf(env, user)) ?? 0) > now;
}

/** Another list whenever it was read again. */
export const keyMarks = (): readonly IssuerKeyMark[] => known.keyMarks;

/** Replaces what is known. */
export function rememberOrders({ blocked, keyMarks }: StandingOrders): void {
  known.until = new Map(blocked.map(({ pool, until }) => [pool, until ?? Number.POSITIVE_INFINITY]));
  known.keyMarks = keyMarks;
}

/** Reads the orders again if that was not done within the cache span. The time of asking counts, so there is one at a time. */
export function refreshOrders(env: RecordsPlacement, inBackground: (work: Promise<unknown>) => void): void {
  if (Math.abs(Date.now() - known.askedAtMs) < ORDERS_CACHE_MS) return;
  known.askedAtMs = Date.now();
  inBackground(rereadOrders(env));
}

/** The orders as they are now, which the isolate goes by from here on. Without an answer the old ones stay in force. */
export async function rereadOrders(env: RecordsPlacement) {
  const orders = await askRecords(env, (records) => records.orders());
  if (orders.ok) rememberOrders(orders.value);
  return orders;
}

/** Those whose block is not over at `now`, in unix seconds. */
export const inForce = (callers: readonly BlockedCaller[], nowMs: number): readonly BlockedCaller[] =>
  callers.filter(({ until }) => until === undefined || until > unixSeconds(nowMs));
