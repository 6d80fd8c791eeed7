/** When an issuer's keys may be fetched: a spacing, and a leaky bucket for the long run. Times are in milliseconds. */
import { JWKS_FETCH_BURST, JWKS_FETCH_INTERVAL_MS, JWKS_FETCH_SPACING_MS } from "../../config/limits.ts";

export type Fetches = {
  /** When the last one began; 0 for never. */
  readonly lastMs: number;
  /** When the bucket is empty again. */
  readonly drainedMs: number;
};

export const NO_FETCHES: Fetches = { lastMs: 0, drainedMs: 0 };

/** The earliest time of the next fetch. A record from a clock that is far ahead must not put it off for long. */
export function nextFetchMs({ lastMs, drainedMs }: Fetches, nowMs: number): number {
  if (lastMs > nowMs + JWKS_FETCH_SPACING_MS) return nowMs;
  return Math.max(lastMs + JWKS_FETCH_SPACING_MS, drainedMs - (JWKS_FETCH_BURST - 1) * JWKS_FETCH_INTERVAL_MS);
}

export const mayFetch = (fetches: Fetches, nowMs: number): boolean => nextFetchMs(fetches, nowMs) <= nowMs;

/** With one that begins now. */
export const withFetch = ({ drainedMs }: Fetches, nowMs: number): Fetches => ({
  lastMs: nowMs,
  drainedMs:
    Math.max(Math.min(drainedMs, nowMs + JWKS_FETCH_BURST * JWKS_FETCH_INTERVAL_MS), nowMs) + JWKS_FETCH_INTERVAL_MS,
});
