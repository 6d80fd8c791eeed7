/**
 * Leaky buckets in the form of the generic cell rate algorithm: one number per bucket, the theoretical arrival time,
 * tells how full it is. A time in the past means that the bucket is empty. Pure arithmetic, no storage.
 */

/** `burst` events at once, then one each `intervalMs`. */
export type Rate = { readonly burst: number; readonly intervalMs: number };

/** Milliseconds until one more event fits: 0 when it fits now. */
export function waitMs(rate: Rate, arrivalMs: number, nowMs: number): number {
  return Math.max(0, arrivalMs - nowMs - (rate.burst - 1) * rate.intervalMs);
}

/** The arrival time after `count` events at `nowMs`. */
export function arrivalAfter(rate: Rate, arrivalMs: number, nowMs: number, count = 1): number {
  return Math.max(arrivalMs, nowMs) + Math.round(count * rate.intervalMs);
}
