/** Operators end the clients of a user: one, or all of them. */
import * as z from "zod/mini";
import type { RevokeUserAnswer } from "../../../contract/stock-messages.ts";
import { type Descriptions, operation } from "../../operation.ts";
import { type Receipts, receiptQuery, receiptsFor } from "../../receipts/receipts.ts";
import { ok } from "../../refusals/refusal.ts";
import { poolClient } from "../../upstream/pool-client.ts";
import { identifier, named, receipt } from "../../wire/common-schemas.ts";
import { revoked } from "../clients/client-operations.ts";
import { revokeAnswer } from "../clients/client-schemas.ts";

const USER = "/v1/admin/users/{user}";

const revokeUserAnswer = /* @__PURE__ */ named(
  "RevokedUser",
  "Every client of the user is revoked. `receipts`, if the request asked for them: one of each client that was registered.",
  () =>
    z.strictObject({
      user: identifier,
      clients: z.int().check(z.minimum(0)),
      purged: z.int().check(z.minimum(0)),
      receipts: z.optional(z.array(z.strictObject({ client: identifier, receipt }))),
    }),
);

export const revocations = [
  operation({
    id: "revokeUser",
    method: "DELETE",
    path: USER,
    access: "operator",
    query: receiptQuery,
    needs: "pool",
    handle: async ({ user, query }, c) => {
      const receipts = await receiptsFor(c, query);
      if (!receipts.ok) return receipts;
      const answer = await poolClient(c.env, user).revokeUser({});
      if (!answer.ok) return answer;
      const { ended } = answer.value;
      const outcomes = { clients: ended.length, purged: ended.reduce((sum, { purged }) => sum + purged, 0) };
      c.set("outcomes", outcomes);
      const signed = receipts.value && (await receiptsOf(receipts.value, user, answer.value));
      return ok(c.json({ user, ...outcomes, ...(signed && { receipts: signed }) }));
    },
  }),
  operation({
    id: "endClient",
    method: "DELETE",
    path: `${USER}/clients/{client}`,
    access: "operator",
    query: receiptQuery,
    needs: "pool",
    handle: (about, c) => revoked(c, about, (which) => poolClient(c.env, about.user).endClient(which)),
  }),
];

export const revocationsDescribed = (): Descriptions => ({
  revokeUser: {
    summary: "Revoke every client of a user. Older tokens of the user do not register any client.",
    answers: [{ status: 200, description: "Revoked.", json: revokeUserAnswer }],
    problems: ["unknown_user", "not_offered"],
  },
  endClient: {
    summary: "End one client of a user. Its older tokens no longer act for it.",
    answers: [{ status: 200, description: "Revoked.", json: revokeAnswer }],
    problems: ["client_not_registered", "not_offered"],
  },
});

function receiptsOf(receipts: Receipts, user: string, { at, ended }: Pick<RevokeUserAnswer, "at" | "ended">) {
  return Promise.all(
    ended.map(async (one) => ({ client: one.client, receipt: await receipts.revocation({ user, at, ...one }) })),
  );
}
