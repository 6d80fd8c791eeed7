/**
 * Budgets of a client, one leaky bucket each (leaky-bucket.ts). They are part of the client's record, so spending costs
 * no row beyond it. Pure.
 */
import { MAX_BUDGETS_PER_CLIENT } from "../../config/limits.ts";
import { arrivalAfter, type Rate, waitMs } from "../leaky-bucket.ts";

/** Theoretical arrival times in unix milliseconds, by the name of the bucket. */
export type Budgets = ReadonlyMap<string, number>;

export type Bucket = { readonly name: string; readonly rate: Rate };

/** Its refused uploads stay on a client's account when it registers again, or doing so would buy an abuser checks. */
export const REFUSALS = "refusals";

/** Milliseconds until the bucket takes one more event. */
export function bucketWaitMs(budgets: Budgets, { name, rate }: Bucket, nowMs: number): number {
  return waitMs(rate, budgets.get(name) ?? 0, nowMs);
}

/**
 * The budgets after `count` events. Buckets that have run empty are left out. Of too many, those that are next to run
 * empty are forgotten first: a bucket that somebody has filled to the brim is the last to go.
 */
export function spend(budgets: Budgets, { name, rate }: Bucket, nowMs: number, count = 1): Budgets {
  const arrivalMs = arrivalAfter(rate, budgets.get(name) ?? 0, nowMs, count);
  const kept = [...budgets].filter(([other, arrival]) => other !== name && arrival > nowMs);
  const excess = kept.length + 1 - MAX_BUDGETS_PER_CLIENT;
  const fullestFirst = excess > 0 ? kept.sort(([, a], [, b]) => b - a).slice(0, -excess) : kept;
  return new Map([...fullestFirst, [name, arrivalMs]]);
}

/** What stays of the budgets of a client that registers again: it does not pay for what was claimed from its predecessor. */
export function withoutClaims(budgets: Budgets): Budgets {
  const refusals = budgets.get(REFUSALS);
  return new Map(refusals === undefined ? [] : [[REFUSALS, refusals]]);
}
