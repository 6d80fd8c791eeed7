import * as z from "zod/mini";
import { MAX_USERS_PER_FORGETTING } from "../../../config/limits.ts";
import {
  base64url,
  budgets,
  codePoint,
  cursor,
  identifier,
  inventory,
  name,
  named,
  outcomeMembers,
  poolId,
  restoreEpoch,
  signatureKeys,
  unixSeconds,
  waitingEvents,
} from "../../wire/common-schemas.ts";
import { capabilityAnswer } from "../claim-capabilities/capability-schemas.ts";
import { journalEntries } from "../stock/stock-schemas.ts";

const storedPackages = z.array(
  z.strictObject({
    client: identifier,
    key_package_ref: base64url,
    ciphersuite: codePoint,
    last_resort: z.boolean(),
    stored_at: unixSeconds,
    not_before: unixSeconds,
    not_after: unixSeconds,
  }),
);

export const exportAnswer = /* @__PURE__ */ named(
  "UserExport",
  "A page of what is kept of a user. The first has registrations, budgets, events that wait, a block and the clients that each database holds; then follow the packages in stock, without their bytes, the journal, routes, and what operators changed, without who they were. What is over and still stored is there too. What the user claimed from others is in their journals and not here. `next` is the next page's `after`; null on the last one.",
  () =>
    z.strictObject({
      user: identifier,
      exported_at: unixSeconds,
      restore_epoch: restoreEpoch,
      registrations: z.array(
        z.strictObject({
          client: identifier,
          registered_at: unixSeconds,
          revoked_at: z.nullable(unixSeconds),
          signature_keys: signatureKeys,
          inventory,
          budgets,
        }),
      ),
      budgets,
      budgets_raised: z.nullable(z.strictObject({ factor: z.int().check(z.minimum(1)), until: unixSeconds })),
      blocked: z.nullable(z.strictObject({ since: unixSeconds, until: z.nullable(unixSeconds), why: z.string() })),
      events: waitingEvents(),
      capabilities: z.array(capabilityAnswer),
      tokens_ended: z.array(z.strictObject({ client: z.nullable(identifier), ended_at: unixSeconds })),
      directory: z.array(
        z.strictObject({
          database: z.string(),
          client: identifier,
          version: z.int().check(z.minimum(0)),
          updated_at: unixSeconds,
          registered_at: unixSeconds,
          revoked_at: z.nullable(unixSeconds),
          signature_keys: z.string(),
          stock: z.string(),
          capabilities: z.string(),
          next_expiry: z.nullable(unixSeconds),
          shortage: z.nullable(z.int().check(z.minimum(0))),
        }),
      ),
      key_packages: storedPackages,
      journal: journalEntries(),
      routes: z.array(
        z.strictObject({
          database: z.string(),
          key_package_ref: base64url,
          client: identifier,
          not_after: unixSeconds,
        }),
      ),
      operator_changes: z.array(
        z.strictObject({
          at: unixSeconds,
          operation: z.string(),
          why: z.string(),
          ...outcomeMembers(),
        }),
      ),
      next: z.nullable(cursor),
    }),
);

export const exportQuery = z.strictObject({ after: z.optional(cursor) });

/**
 * Within the `after` of a page: what it lists, and behind which chunk or entry it begins, before which record of
 * operators, or of which database. The rest is of routes alone: the week and, in hex, the reference of the last one.
 */
export const exportCursor = z.tuple([
  z.enum(["key_packages", "journal", "routes", "operator_changes"]),
  z.int().check(z.minimum(0)),
  z.int(),
  z.string().check(z.regex(/^([0-9a-f]{2})*$/)),
]);

export const eraseAnswer = /* @__PURE__ */ named(
  "ErasedUser",
  "A receipt: nothing of the user is left in the pool and in the directory. `existed`: whether its pool held anything. Where the user has claimed from others, their journals show the name until it is taken out of them, and at the latest until `journals_of_others_end_at`.",
  () =>
    z.strictObject({
      user: identifier,
      erased_at: unixSeconds,
      existed: z.boolean(),
      journals_of_others_end_at: unixSeconds,
    }),
);

export const forgetRequest = z.strictObject({
  users: z.array(identifier).check(z.minLength(1), z.maxLength(MAX_USERS_PER_FORGETTING)),
  dry_run: z.optional(z.boolean()),
});

export const forgetAnswer = /* @__PURE__ */ named(
  "Forgotten",
  "In how many records of claims, and of clients' budgets, one of the names was. None of them is left unless it was a dry run.",
  () =>
    z.strictObject({
      pool: poolId,
      claims: z.int().check(z.minimum(0)),
      clients: z.int().check(z.minimum(0)),
      dry_run: z.boolean(),
    }),
);

/** For the description. */
export function nameUserDataRequests(): void {
  name(
    forgetRequest,
    "ForgetRequest",
    "Names of users who were erased. With `dry_run` they are counted, and nothing is changed.",
  );
}
