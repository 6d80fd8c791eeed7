/** What operators changed. There is no operation that takes a record away. */
import * as z from "zod/mini";
import { DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS } from "../../../config/limits.ts";
import type { AuditRecord } from "../../../contract/record-messages.ts";
import { poolIdOf } from "../../../pool/address.ts";
import { type Descriptions, operation } from "../../operation.ts";
import { ok } from "../../refusals/refusal.ts";
import { askRecords } from "../../upstream/ask-records.ts";
import { outcomeBody } from "../../wire/bodies.ts";
import { cursor, identifier, named, outcomeMembers, poolId, unixSeconds } from "../../wire/common-schemas.ts";
import { readCursor, writeCursor } from "../../wire/cursor.ts";

const query = z.strictObject({
  user: z.optional(identifier),
  after: z.optional(cursor),
  limit: z.optional(z.int().check(z.minimum(1), z.maximum(MAX_PAGE_ROWS))),
});

/** Within the `after` of a page: the number of its last record. */
const place = z.tuple([z.int().check(z.minimum(0))]);

const answer = /* @__PURE__ */ named(
  "AuditTrail",
  "Changes that operators made, the newest first; of one user with `user`. Users are named by the id of their pool, `target`, which is null for a change that is about none or all. `ended_at`, `status`, `code` and `outcomes` say what came of it; they are null or empty for one that is under way, or of which nobody knows how it ended. `next` is the next page's `after`.",
  () =>
    z.strictObject({
      records: z.array(
        z.strictObject({
          id: z.int().check(z.minimum(1)),
          at: unixSeconds,
          actor: z.strictObject({ user: identifier, client: z.nullable(identifier) }),
          operation: z.string(),
          target: z.nullable(poolId),
          why: z.string(),
          request_id: z.string(),
          ...outcomeMembers(),
        }),
      ),
      next: z.nullable(cursor),
    }),
);

export const auditTrail = [
  operation({
    id: "getAuditTrail",
    method: "GET",
    path: "/v1/admin/audit-trail",
    access: "operator",
    query,
    needs: "records",
    handle: async ({ query: { user, after, limit = DEFAULT_PAGE_ROWS } }, c) => {
      const from = readCursor(place, after);
      if (!from.ok) return from;
      const target = user === undefined ? undefined : poolIdOf(c.env, user);
      const found = await askRecords(c.env, (records) =>
        records.trail({ before: from.value?.[0], limit: limit + 1, target }),
      );
      if (!found.ok) return found;
      const page = found.value.slice(0, limit);
      const last = found.value.length > limit ? page.at(-1) : undefined;
      return ok(c.json({ records: page.map(recordBody), next: last ? writeCursor([last.id]) : null }));
    },
  }),
];

export const auditTrailDescribed = (): Descriptions => ({
  getAuditTrail: {
    summary: "What operators changed: who, when, what, about whom and why.",
    answers: [{ status: 200, description: "A page of records.", json: answer }],
    problems: [],
  },
});

const recordBody = ({ id, at, actor, operation, target, why, requestId, outcome }: AuditRecord) => ({
  id,
  at,
  actor: { user: actor.user, client: actor.client ?? null },
  operation,
  target: target ?? null,
  why,
  request_id: requestId,
  ...outcomeBody(outcome),
});
