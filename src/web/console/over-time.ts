/** What the directory counted over time, as charts show it. Pure. */
import { LATE_DELIVERY_MS } from "../../config/limits.ts";
import { dateOf } from "../../inspect/text.ts";
import type { Series } from "./operator-api-types.ts";

/** `kind` is the class that gives its colour; `total` is said beside its name. */
export type Part = {
  readonly name: string;
  readonly kind: string;
  readonly counts: readonly number[];
  readonly total: string;
};

/** `steps` has when each began, to the minute in UTC. */
export type TimeSeries = {
  readonly since: number;
  readonly stepSeconds: number;
  readonly steps: readonly string[];
  readonly parts: readonly Part[];
};

export type Charts = Readonly<Record<"claims" | "refusals" | "lag", TimeSeries>>;

/** The longest that D1 may be late before it counts, in seconds. */
export const LATE_SECONDS = LATE_DELIVERY_MS / 1000;

/** Those of one answer. Of each step, what is at the bottom is what is as it should be. */
export function chartsOf({ since, step_seconds: stepSeconds, claims, refusals, ...rest }: Series): Charts {
  const lag = rest.directory_lag_seconds;
  const steps = lag.map((_, step) => minuteOf(since + step * stepSeconds));
  const of = (parts: readonly Part[]): TimeSeries => ({ since, stepSeconds, steps, parts });
  return {
    claims: of([
      summed("One-time", "ordinary", claims.one_time),
      summed("Last resort", "warning", claims.last_resort),
      summed("Nothing to give", "failing", claims.missed),
      summed("Budget used up", "limited", claims.rate_limited),
    ]),
    refusals: of([
      summed("Other", "ordinary", refusals.other),
      summed("Not allowed (401, 403)", "warning", refusals.not_allowed),
      summed("Failed (5xx)", "failing", refusals.failed),
      summed("Rate limits (429)", "limited", refusals.rate_limited),
    ]),
    lag: of([
      {
        name: "Longest",
        kind: "failing",
        counts: lag,
        total: `${Math.max(...lag).toLocaleString("en")} s`,
      },
    ]),
  };
}

const summed = (name: string, kind: string, counts: readonly number[]): Part => ({
  name,
  kind,
  counts,
  total: counts.reduce((total, count) => total + count, 0).toLocaleString("en"),
});

/** The steps in which there was anything, the newest first. */
export const shownSteps = ({ steps, parts }: TimeSeries): readonly number[] =>
  steps
    .map((_, step) => step)
    .filter((step) => parts.some(({ counts }) => (counts[step] ?? 0) > 0))
    .toReversed();

/** For each part how high it reaches when it is on top of those after it: that of the first is the sum of all. */
export const heights = (parts: readonly Part[]): number[][] =>
  parts.map(({ counts }, index) =>
    counts.map((_, step) => parts.slice(index).reduce((sum, part) => sum + (part.counts[step] ?? 0), 0)),
  );

const HOUR_SECONDS = 3_600;
const TICK_HOURS = [1, 2, 3, 6, 12, 24];

/** The steps that get a label: at most so many, at full hours of the day. */
export function ticks({ since, stepSeconds, steps }: TimeSeries, atMost: number): number[] {
  const hours = (steps.length * stepSeconds) / HOUR_SECONDS;
  const every = (TICK_HOURS.find((tick) => hours / tick <= atMost) ?? 24) * HOUR_SECONDS;
  return steps.flatMap((_, step) => ((since + step * stepSeconds) % every === 0 ? [step] : []));
}

/** The time of day, and at midnight the date. */
export function tickLabel({ steps }: TimeSeries, step: number): string {
  const [date = "", time = ""] = (steps[step] ?? "").split(" ");
  return time === "00:00" ? date.slice(5) : time;
}

/** What there was in a step, in words. */
export function readout({ steps, parts }: TimeSeries, step: number | undefined): string {
  if (step === undefined) return "";
  const said = parts.map(({ name, counts }) => `${name} ${(counts[step] ?? 0).toLocaleString("en")}`);
  return `${steps[step] ?? ""}: ${said.join(" · ")}`;
}

const minuteOf = (seconds: number): string => dateOf(seconds).slice(0, 16).replace("T", " ");
