/** What is counted over time for operators: how many of each, without a name of anybody. Plain data. */

/** By what a client gave to a claim, by why a request was refused, and how late the directory heard of a change. */
export const SERIES = [
  "claims_one_time",
  "claims_last_resort",
  "claims_missed",
  "claims_rate_limited",
  "refusals_rate_limited",
  "refusals_not_allowed",
  "refusals_failed",
  "refusals_other",
  "directory_lag_seconds",
] as const;
export type SeriesName = (typeof SERIES)[number];

/** Of one span of time; what is not there is 0. All are sums, but for the lag, which is the largest. */
export type SeriesCounts = Readonly<Partial<Record<SeriesName, number>>>;

export type SeriesSpan = "six_hours" | "day" | "two_days";

/** Steps of equal length, the earliest first. The last one is under way. */
export type Series = {
  /** When the first began, in unix seconds. */
  readonly since: number;
  readonly stepSeconds: number;
  readonly steps: readonly SeriesCounts[];
};

/** Both together. */
export function addedUp(some: SeriesCounts, more: SeriesCounts): SeriesCounts {
  const sum: Partial<Record<SeriesName, number>> = { ...some };
  for (const name of SERIES) {
    const [a = 0, b = 0] = [some[name], more[name]];
    if (a + b > 0) sum[name] = name === "directory_lag_seconds" ? Math.max(a, b) : a + b;
  }
  return sum;
}
