/**
 * Budgets of a client, one leaky bucket each (shared/leaky-bucket.ts). They are part of the client's record, so spending costs
 * no row beyond it. Pure.
 */
import { MAX_BUDGETS_PER_CLIENT } from "../../config/limits.ts";
import { arrivalAfter, type Rate, waitMs } from "../../shared/leaky-bucket.ts";

/** Theoretical arrival times in unix milliseconds, by the name of the bucket. */
export type Budgets = ReadonlyMap<string, number>;

export type Bucket = { readonly name: string; readonly rate: Rate };

/** Buckets of what a client uploads. They stay on its account when it registers again, or that would buy it more. */
export const REFUSALS = "refusals";
export const UPLOADS = "uploads";

/** Milliseconds until the bucket takes `count` more events. */
export function bucketWaitMs(budgets: Budgets, { name, rate }: Bucket, nowMs: number, count = 1): number {
  return waitMs(rate, budgets.get(name) ?? 0, nowMs, count);
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
  return new Map([...budgets].filter(([name]) => name === REFUSALS || name === UPLOADS));
}
