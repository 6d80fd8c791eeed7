/** The directory counts in unix seconds, as MLS lifetimes do; only alarms and time-outs count in milliseconds. */

/** Whole unix seconds of a time in milliseconds. */
export const unixSeconds = (unixMs: number): number => Math.floor(unixMs / 1000);

export const HOUR_MS = 3_600_000;
