/**
 * Leaky buckets in the form of the generic cell rate algorithm: one number per bucket, the theoretical arrival time,
 * tells how full it is. A time in the past means that the bucket is empty. Pure arithmetic, no storage.
 *
 * A bucket is never fuller than its burst. An arrival time further ahead than that was written by a clock that was
 * wrong, and counts for nothing: a clock that was days ahead for a moment locks nobody out for days. One that was set
 * back a little only makes waits that much longer.
 */

/** `burst` events at once, then one each `intervalMs`, which is a whole number. */
export type Rate = { readonly burst: number; readonly intervalMs: number };

const TOLERATED_SKEW_MS = 10 * 60_000;

/** `burst` events at once, then `count` in each window of this length. */
export const burstThen = (burst: number, count: number, windowMs: number): Rate => ({
  burst,
  intervalMs: Math.ceil(windowMs / count),
});

/** At most `count` events in any window of this length: half of them at once, the others as time passes. */
export function withinWindow(count: number, windowMs: number): Rate {
  const burst = Math.max(1, Math.floor(count / 2));
  return burstThen(burst, count - burst + 1, windowMs);
}

/** Milliseconds until `count` more events fit: 0 when they fit now. More than the burst never fit: they wait as one burst. */
export function waitMs(rate: Rate, arrivalMs: number, nowMs: number, count = 1): number {
  const room = (rate.burst - Math.min(count, rate.burst)) * rate.intervalMs;
  return Math.max(0, believed(rate, arrivalMs, nowMs) - nowMs - room);
}

/** The arrival time after `count` events at `nowMs`. */
export function arrivalAfter(rate: Rate, arrivalMs: number, nowMs: number, count = 1): number {
  const after = Math.max(believed(rate, arrivalMs, nowMs), nowMs) + count * rate.intervalMs;
  return Math.min(after, nowMs + rate.burst * rate.intervalMs);
}

const believed = (rate: Rate, arrivalMs: number, nowMs: number): number =>
  arrivalMs - nowMs > rate.burst * rate.intervalMs + TOLERATED_SKEW_MS ? 0 : arrivalMs;
