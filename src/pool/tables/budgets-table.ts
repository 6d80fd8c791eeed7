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
 * The budgets after `count` events. Buckets that have run empty are left out. Of too many, claimers' buckets that are next
 * to run empty are forgotten first: one that somebody has filled to the brim is the last to go. The client's own are
 * never forgotten, or a crowd of claimers whose buckets are fuller would empty them.
 */
export function spend(budgets: Budgets, { name, rate }: Bucket, nowMs: number, count = 1): Budgets {
  const arrivalMs = arrivalAfter(rate, budgets.get(name) ?? 0, nowMs, count);
  const kept = [...budgets].filter(([other, arrival]) => other !== name && arrival > nowMs);
  const forgotten = emptiestOfClaimers(kept, kept.length + 1 - MAX_BUDGETS_PER_CLIENT);
  return new Map([...kept.filter(([other]) => !forgotten.has(other)), [name, arrivalMs]]);
}

/** The names of so many claimers' buckets. They have the claimer's name after a colon; the client's own have none. */
function emptiestOfClaimers(budgets: readonly (readonly [string, number])[], count: number): ReadonlySet<string> {
  if (count <= 0) return new Set();
  const ofClaimers = budgets.filter(([name]) => name.includes(":")).sort(([, a], [, b]) => a - b);
  return new Set(ofClaimers.slice(0, count).map(([name]) => name));
}

/** What stays of the budgets of a client that registers again: it does not pay for what was claimed from its predecessor. */
export function withoutClaims(budgets: Budgets): Budgets {
  return new Map([...budgets].filter(([name]) => name === REFUSALS || name === UPLOADS));
}
