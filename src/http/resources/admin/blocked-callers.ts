/** Users whose tokens open nothing but operators' routes, until a time or until it is lifted. */
import * as z from "zod/mini";
import { MAX_BLOCKED_CALLERS, ORDERS_SETTLED_SECONDS } from "../../../config/limits.ts";
import { poolIdOf } from "../../../pool/address.ts";
import { unixSeconds } from "../../../shared/time.ts";
import { REASON_HEADER, readReason } from "../../audited.ts";
import { type Descriptions, operation } from "../../operation.ts";
import { ok, refuse } from "../../refusals/refusal.ts";
import { askRecords } from "../../upstream/ask-records.ts";
import { inForce, rereadOrders } from "../../upstream/standing-orders.ts";
import * as schemas from "../../wire/common-schemas.ts";

const BLOCK = "/v1/admin/users/{user}/block";

const blockRequest = z.strictObject({ until: z.optional(schemas.unixSeconds) });

const blockAnswer = /* @__PURE__ */ schemas.named(
  "BlockedUser",
  "The user is blocked. From `holds_everywhere_at` on, every isolate that is in use has heard of it; a new one lets its first requests through until it has.",
  () =>
    z.strictObject({
      user: schemas.identifier,
      until: z.nullable(schemas.unixSeconds),
      holds_everywhere_at: schemas.unixSeconds,
    }),
);

const unblockAnswer = /* @__PURE__ */ schemas.named(
  "UnblockedUser",
  "The user is not blocked; `was_blocked` says whether it was.",
  () => z.strictObject({ user: schemas.identifier, was_blocked: z.boolean() }),
);

const blockedAnswer = /* @__PURE__ */ schemas.named(
  "BlockedUsers",
  "Users that are blocked, those who were blocked last first, by the id of their pool.",
  () =>
    z.strictObject({
      blocked: z.array(
        z.strictObject({
          pool: schemas.poolId,
          since: schemas.unixSeconds,
          until: z.nullable(schemas.unixSeconds),
          why: z.string(),
        }),
      ),
    }),
);

export const blockedCallers = [
  operation({
    id: "blockUser",
    method: "PUT",
    path: BLOCK,
    access: "operator",
    body: { json: blockRequest },
    needs: "records",
    handle: async ({ user, body: { until } }, c) => {
      const now = unixSeconds(Date.now());
      if (until !== undefined && until <= now)
        return refuse("invalid_request", `/until: expected a time in the future, got ${until}`);
      c.set("outcomes", until === undefined ? {} : { until });
      const why = readReason(c.req.header(REASON_HEADER));
      if (!why.ok) return why;
      const blocked = await askRecords(c.env, (records) =>
        records.block({ pool: poolIdOf(c.env, user), since: now, until, why: why.value }),
      );
      if (!blocked.ok) return blocked;
      if (!blocked.value)
        return refuse(
          "too_many_blocked_callers",
          `expected at most ${MAX_BLOCKED_CALLERS} blocked users, got one more`,
        );
      await rereadOrders(c.env);
      return ok(c.json({ user, until: until ?? null, holds_everywhere_at: now + ORDERS_SETTLED_SECONDS }));
    },
  }),
  operation({
    id: "unblockUser",
    method: "DELETE",
    path: BLOCK,
    access: "operator",
    needs: "records",
    handle: async ({ user }, c) => {
      const lifted = await askRecords(c.env, (records) => records.unblock(poolIdOf(c.env, user)));
      if (!lifted.ok) return lifted;
      await rereadOrders(c.env);
      return ok(c.json({ user, was_blocked: lifted.value }));
    },
  }),
  operation({
    id: "listBlockedUsers",
    method: "GET",
    path: "/v1/admin/blocked-users",
    access: "operator",
    needs: "records",
    handle: async (_, c) => {
      const orders = await rereadOrders(c.env);
      if (!orders.ok) return orders;
      const blocked = inForce(orders.value.blocked, Date.now()).map((one) => ({ ...one, until: one.until ?? null }));
      return ok(c.json({ blocked }));
    },
  }),
];

export const blockedCallersDescribed = (): Descriptions => ({
  blockUser: {
    summary: "Block a user: its tokens open no route but those of operators.",
    answers: [{ status: 200, description: "Blocked.", json: blockAnswer }],
    problems: ["too_many_blocked_callers"],
  },
  unblockUser: {
    summary: "Lift the block of a user.",
    answers: [{ status: 200, description: "Not blocked.", json: unblockAnswer }],
    problems: [],
  },
  listBlockedUsers: {
    summary: "Who is blocked, until when and why.",
    answers: [{ status: 200, description: "Those whose block is not over.", json: blockedAnswer }],
    problems: [],
  },
});

/** For the description. */
export function nameBlockRequests(): void {
  schemas.name(blockRequest, "BlockRequest", "Until when, in unix seconds; without it, until it is lifted.");
}
