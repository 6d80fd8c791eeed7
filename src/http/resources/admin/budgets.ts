/** Budgets of one user: emptied before their time, or raised until a time. */
import * as z from "zod/mini";
import { MAX_BUDGET_FACTOR, MAX_BUDGET_RAISE_SECONDS } from "../../../config/limits.ts";
import { unixSeconds } from "../../../shared/time.ts";
import { type Descriptions, operation } from "../../operation.ts";
import { ok, refuse } from "../../refusals/refusal.ts";
import { poolClient } from "../../upstream/pool-client.ts";
import * as schemas from "../../wire/common-schemas.ts";

const BUDGETS = "/v1/admin/users/{user}/budgets";

const resetQuery = z.strictObject({ client: z.optional(schemas.identifier), claimer: z.optional(schemas.identifier) });

const resetAnswer = /* @__PURE__ */ schemas.named("ResetBudgets", "How many budgets were emptied.", () =>
  z.strictObject({ user: schemas.identifier, budgets: z.int().check(z.minimum(0)) }),
);

const raiseRequest = z.strictObject({
  factor: z.int().check(z.minimum(1), z.maximum(MAX_BUDGET_FACTOR)),
  until: schemas.unixSeconds,
});

const raiseAnswer = /* @__PURE__ */ schemas.named(
  "RaisedBudgets",
  "By how much budgets are raised, and until when.",
  () => z.strictObject({ user: schemas.identifier, factor: z.int().check(z.minimum(1)), until: schemas.unixSeconds }),
);

export const budgets = [
  operation({
    id: "resetBudgets",
    method: "DELETE",
    path: BUDGETS,
    access: "operator",
    query: resetQuery,
    needs: "pool",
    handle: async ({ user, query: { client, claimer } }, c) => {
      const reset = await poolClient(c.env, user).resetBudgets({ client, claimer });
      if (!reset.ok) return reset;
      const { buckets } = reset.value;
      c.set("outcomes", { budgets: buckets });
      return ok(c.json({ user, budgets: buckets }));
    },
  }),
  operation({
    id: "raiseBudgets",
    method: "PUT",
    path: BUDGETS,
    access: "operator",
    body: { json: raiseRequest },
    needs: "pool",
    handle: async ({ user, body: { factor, until } }, c) => {
      const now = unixSeconds(Date.now());
      if (until <= now || until > now + MAX_BUDGET_RAISE_SECONDS) {
        const detail = `/until: expected a time within ${MAX_BUDGET_RAISE_SECONDS} seconds from now, which is ${now}, got ${until}`;
        return refuse("invalid_request", detail);
      }
      const raised = await poolClient(c.env, user).raiseBudgets({ factor, until });
      if (!raised.ok) return raised;
      c.set("outcomes", { factor, until });
      return ok(c.json({ user, factor, until }));
    },
  }),
];

export const budgetsDescribed = (): Descriptions => ({
  resetBudgets: {
    summary:
      "Empty budgets of a user before their time: those of one claimer or all, at one client or all. With neither, those of the user as a whole too.",
    answers: [{ status: 200, description: "Emptied.", json: resetAnswer }],
    problems: ["unknown_user"],
  },
  raiseBudgets: {
    summary: "Raise every budget of a user until a time.",
    answers: [{ status: 200, description: "Raised.", json: raiseAnswer }],
    problems: ["unknown_user"],
  },
});

/** For the description. */
export function nameBudgetRequests(): void {
  schemas.name(
    raiseRequest,
    "RaiseBudgetsRequest",
    "Every budget of the user is `factor` times as large until `until`, in unix seconds: what may be claimed from it, uploaded and registered. A factor of 1 ends that.",
  );
}
