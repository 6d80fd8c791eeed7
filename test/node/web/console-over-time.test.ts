/** What the console makes of claims, refusals and the lag of D1 over time. */
import { describe, expect, it } from "vitest";
import type { Series } from "../../../src/web/console/operator-api-types.ts";
import { chartsOf, heights, readout, shownSteps, tickLabel, ticks } from "../../../src/web/console/over-time.ts";

/** 2027-01-15T00:00:00Z. */
const MIDNIGHT = 1_799_971_200;
const HOUR = 3_600;
const none = (steps: number) => Array.from({ length: steps }, () => 0);

/** An answer of so many steps, the last of which has these claims. */
function answer({ steps = 3, since = MIDNIGHT, step_seconds = HOUR, lag = none(steps) } = {}): Series {
  const last = (count: number) => [...none(steps - 1), count];
  return {
    counting: true,
    span: "two_days",
    since,
    step_seconds,
    claims: { one_time: last(1_200), last_resort: last(3), missed: last(2), rate_limited: last(1) },
    refusals: { rate_limited: last(4), not_allowed: last(0), failed: last(0), other: last(0) },
    directory_lag_seconds: lag,
  };
}

describe("charts over time", () => {
  it("have a total for each part, and for the lag the longest", () => {
    const { claims, refusals, lag } = chartsOf(answer({ lag: [0, 40, 12] }));
    expect(claims.parts.map(({ name, total }) => [name, total])).toEqual([
      ["One-time", "1,200"],
      ["Last resort", "3"],
      ["Nothing to give", "2"],
      ["Budget used up", "1"],
    ]);
    expect(refusals.parts.at(-1)).toMatchObject({ name: "Rate limits (429)", total: "4" });
    expect(lag.parts[0]?.total).toBe("40 s");
  });

  it("put the parts on top of each other, the sum of all first", () => {
    expect(heights(chartsOf(answer()).claims.parts).map((counts) => counts.at(-1))).toEqual([1_206, 6, 3, 1]);
  });

  it("show in words, the newest first, only steps in which there was anything", () => {
    const { claims, lag } = chartsOf(answer({ lag: [7, 0, 9] }));
    expect([shownSteps(claims), shownSteps(lag)]).toEqual([[2], [2, 0]]);
    expect(readout(lag, 2)).toBe("2027-01-15 02:00: Longest 9");
    expect(readout(lag, undefined)).toBe("");
  });

  it("are labelled at full hours of the day, as many as there is room for, and at midnight with the date", () => {
    const { claims } = chartsOf(answer({ steps: 48, since: MIDNIGHT - 47 * HOUR }));
    const labels = ticks(claims, 6).map((step) => tickLabel(claims, step));
    expect(labels).toEqual(["12:00", "01-14", "12:00", "01-15"]);
    expect(ticks(claims, 100)).toHaveLength(48);
    const six = chartsOf(answer({ steps: 36, since: MIDNIGHT + 1_200, step_seconds: 600 })).claims;
    expect(ticks(six, 6).map((step) => tickLabel(six, step))).toEqual([
      "01:00",
      "02:00",
      "03:00",
      "04:00",
      "05:00",
      "06:00",
    ]);
  });
});
