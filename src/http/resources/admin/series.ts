/** Claims, refusals and the lag of D1 over time, over the whole directory. */
import * as z from "zod/mini";
import { LATE_DELIVERY_MS } from "../../../config/limits.ts";
import type { SeriesName } from "../../../contract/series-messages.ts";
import { unixSeconds } from "../../../shared/time.ts";
import { type Descriptions, operation } from "../../operation.ts";
import { ok } from "../../refusals/refusal.ts";
import { askRecords } from "../../upstream/ask-records.ts";
import * as schemas from "../../wire/common-schemas.ts";

const span = z.enum(["six_hours", "day", "two_days"]);
const query = z.strictObject({ span: z.optional(span) });

const answer = /* @__PURE__ */ describedSeries();

/** A function, since a bundler takes a text that is put together for one with side effects. */
function describedSeries() {
  const text = `What was counted in steps of \`step_seconds\`, the earliest first, which began at \`since\`; the last one is under way, and each list has one number for each. \`claims\`: what a client gave, a package of its stock or its last resort, nothing for want of a fitting one (\`missed\`) or for a budget (\`rate_limited\`); an answer that is given again does not count. \`refusals\`: requests, by status: 429, 401 and 403 (\`not_allowed\`), 5xx (\`failed\`), and any other. \`directory_lag_seconds\`: the longest that D1 was seen to lack a change after it was due; 0 if it was never ${LATE_DELIVERY_MS / 1000} seconds. Each isolate tells once per minute what it has seen. \`counting\` is false where the setting ACTIVITY_COUNTS switches it off.`;
  return schemas.named("Series", text, () => {
    const counts = z.array(z.int().check(z.minimum(0)));
    return z.strictObject({
      counting: z.boolean(),
      span,
      since: schemas.unixSeconds,
      step_seconds: z.int().check(z.minimum(1)),
      claims: z.strictObject({ one_time: counts, last_resort: counts, missed: counts, rate_limited: counts }),
      refusals: z.strictObject({ rate_limited: counts, not_allowed: counts, failed: counts, other: counts }),
      directory_lag_seconds: counts,
    });
  });
}

export const seriesOfAll = [
  operation({
    id: "getSeries",
    method: "GET",
    path: "/v1/admin/series",
    access: "operator",
    query,
    needs: "records",
    handle: async ({ query: { span = "day" } }, c) => {
      const found = await askRecords(c.env, (records) => records.series(span, unixSeconds(Date.now())));
      if (!found.ok) return found;
      const { since, stepSeconds, steps } = found.value;
      const of = (name: SeriesName) => steps.map((step) => step[name] ?? 0);
      return ok(
        c.json({
          counting: c.get("deployment").countsActivity,
          span,
          since,
          step_seconds: stepSeconds,
          claims: {
            one_time: of("claims_one_time"),
            last_resort: of("claims_last_resort"),
            missed: of("claims_missed"),
            rate_limited: of("claims_rate_limited"),
          },
          refusals: {
            rate_limited: of("refusals_rate_limited"),
            not_allowed: of("refusals_not_allowed"),
            failed: of("refusals_failed"),
            other: of("refusals_other"),
          },
          directory_lag_seconds: of("directory_lag_seconds"),
        }),
      );
    },
  }),
];

export const seriesDescribed = (): Descriptions => ({
  getSeries: {
    summary: "Claims by source, refusals and the lag of D1 over the last six hours, day or two days.",
    answers: [{ status: 200, description: "One number for each step.", json: answer }],
    problems: [],
  },
});
