/** Who claims most, who is claimed from most and who is refused most, over the whole directory. */
import type { Context } from "hono";
import * as z from "zod/mini";
import { CLAIM_CONCURRENT_POOLS, TOP_ROWS } from "../../../config/limits.ts";
import { top } from "../../../shared/heavy-hitters.ts";
import { mapConcurrent } from "../../../shared/map-concurrent.ts";
import { unixSeconds } from "../../../shared/time.ts";
import type { AppEnv } from "../../bindings.ts";
import { type Descriptions, operation } from "../../operation.ts";
import { ok } from "../../refusals/refusal.ts";
import { askRecords } from "../../upstream/ask-records.ts";
import { userOfPool } from "../../upstream/pool-client.ts";
import * as schemas from "../../wire/common-schemas.ts";

const query = z.strictObject({ span: z.optional(z.enum(["hour", "day"])) });

const count = z.int().check(z.minimum(0));
const row = { pool: schemas.poolId, user: z.nullable(schemas.identifier), count };
const totals = { total: count, missed: count };

const answer = /* @__PURE__ */ schemas.named(
  "Top",
  "Who did most since `since`: claims by who made them and by whose packages were asked for, one for each user of a claim, and requests that were refused by whose token they had and why. `total` is all of them. A `count` is never too high, and too low by `missed` at most: whoever had more than `missed` is listed, if there is room. `user` is null for one who has no clients here, and for one whose pool did not answer. Each isolate tells once per minute what it has seen. `counting` is false where the setting ACTIVITY_COUNTS switches it off.",
  () =>
    z.strictObject({
      counting: z.boolean(),
      span: z.enum(["hour", "day"]),
      since: schemas.unixSeconds,
      claimers: z.strictObject({ ...totals, rows: z.array(z.strictObject(row)) }),
      targets: z.strictObject({ ...totals, rows: z.array(z.strictObject(row)) }),
      refusals: z.strictObject({ ...totals, rows: z.array(z.strictObject({ ...row, code: z.string() })) }),
    }),
);

export const topOfAll = [
  operation({
    id: "getTop",
    method: "GET",
    path: "/v1/admin/top",
    access: "operator",
    query,
    needs: "records",
    handle: async ({ query: { span = "hour" } }, c) => {
      const found = await askRecords(c.env, (records) => records.activity(span, unixSeconds(Date.now())));
      if (!found.ok) return found;
      const { since, activity } = found.value;
      const claimers = top(activity.claimers, TOP_ROWS);
      const targets = top(activity.targets, TOP_ROWS);
      const refusals = top(activity.refusals, TOP_ROWS).map(([name, count]) => {
        const [code = "", pool = ""] = name.split(" ");
        return { code, pool, count };
      });
      const users = await usersOf(
        c,
        [...claimers, ...targets].map(([pool]) => pool).concat(refusals.map((one) => one.pool)),
      );
      const rowOf = ([pool, count]: readonly [string, number]) => ({ pool, user: users.get(pool) ?? null, count });
      const totalsOf = ({ total, missed }: { readonly total: number; readonly missed: number }) => ({ total, missed });
      return ok(
        c.json({
          counting: c.get("deployment").countsActivity,
          span,
          since,
          claimers: { ...totalsOf(activity.claimers), rows: claimers.map(rowOf) },
          targets: { ...totalsOf(activity.targets), rows: targets.map(rowOf) },
          refusals: {
            ...totalsOf(activity.refusals),
            rows: refusals.map(({ pool, code, count }) => ({ ...rowOf([pool, count]), code })),
          },
        }),
      );
    },
  }),
];

export const topDescribed = (): Descriptions => ({
  getTop: {
    summary: "Who claims most, who is claimed from most and who is refused most, in the last hour or day.",
    answers: [{ status: 200, description: "The first of each list.", json: answer }],
    problems: [],
  },
});

/** The names of those that are registered: each is asked of its pool, and kept nowhere else. */
async function usersOf(c: Context<AppEnv>, pools: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = await mapConcurrent([...new Set(pools)], CLAIM_CONCURRENT_POOLS, async (pool) => {
    const user = await userOfPool(c.env, pool);
    return user === undefined ? [] : [[pool, user] as const];
  });
  return new Map(found.flat());
}
