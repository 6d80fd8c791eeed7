import * as z from "zod/mini";
import { MAX_HELD_REFS_PER_REQUEST, MAX_PAGE_ROWS } from "../../../config/limits.ts";
import {
  base64url,
  base64urlText,
  codePoint,
  cursor,
  identifier,
  inventory,
  name,
  named,
  restoreEpoch,
  unixSeconds,
} from "../../wire/common-schemas.ts";

export const inventoryAnswer = /* @__PURE__ */ named("InventoryAnswer", "What is in stock.", () =>
  z.strictObject({ inventory, restore_epoch: restoreEpoch }),
);

export const reconcileRequest = z
  .strictObject({
    digest: base64urlText,
    refs: z.optional(z.array(base64urlText).check(z.maxLength(MAX_HELD_REFS_PER_REQUEST))),
    prune: z.optional(z.boolean()),
  })
  .check(z.refine(({ refs, prune }) => prune !== true || refs !== undefined, "expected refs beside prune, got none"));

/** Why a package that the client holds is not in stock. */
const missingPackage = /* @__PURE__ */ named(
  "MissingPackage",
  "A package that the directory would not hand out, and why. `claimed`: a Welcome to it may come; keep its private keys. `removed`: deleted, replaced or revoked; a last resort may have been given before. `expired`. `never_seen`: this client never uploaded it, or it ended long ago. `unknown_since_restore`: storage was restored, so it may have been claimed and the directory does not know; if it was made before `restore_epoch`, upload a new package in its place, and keep its private keys until it expires.",
  () =>
    z.strictObject({
      key_package_ref: base64url,
      reason: z.enum(["claimed", "removed", "expired", "never_seen", "unknown_since_restore"]),
    }),
);

export const reconcileAnswer = /* @__PURE__ */ named(
  "ReconcileAnswer",
  "`same`: whether both sides hold the same packages, after any pruning. `server_refs`: what the directory holds; `missing_at_server`: what it lacks of `refs`.",
  () =>
    z.strictObject({
      same: z.boolean(),
      server_refs: z.array(base64url),
      missing_at_server: z.array(missingPackage),
      pruned: z.int().check(z.minimum(0)),
      inventory,
      restore_epoch: restoreEpoch,
    }),
);

export const journalQuery = z.strictObject({
  after: z.optional(cursor),
  limit: z.optional(z.int().check(z.minimum(1), z.maximum(MAX_PAGE_ROWS))),
});

export const missedReason = () => z.enum(["exhausted", "incompatible", "rate_limited"]);

const claimer = /* @__PURE__ */ named(
  "Claimer",
  "Who claimed: the user and client of the token. Null once the user was erased, and where a claim capability did.",
  () => z.strictObject({ user: identifier, client: identifier }),
);

const journalEntry = () => ({
  sequence: z.int().check(z.minimum(0)),
  at: unixSeconds,
  event: z.enum(["claimed", "last_resort", "missed"]),
  claimer: z.nullable(claimer),
  /** The name of the claim capability that claimed. */
  capability: z.optional(identifier),
  ciphersuite: z.optional(codePoint),
  key_package_ref: z.optional(base64url),
  reason: z.optional(missedReason()),
});

/** Entries of all clients of a user. */
export const journalEntries = () => z.array(z.strictObject({ client: identifier, ...journalEntry() }));

export const journalAnswer = /* @__PURE__ */ named(
  "Journal",
  "Claims on the client's packages, oldest first. `next` is the next page's `after`; null on the last one.",
  () =>
    z.strictObject({
      entries: z.array(z.strictObject(journalEntry())),
      next: z.nullable(cursor),
    }),
);

/** Within the `after` of a page of the journal: the sequence number of its last entry. */
export const journalCursor = z.tuple([z.int().check(z.minimum(0))]);

/** For the description. */
export function nameStockRequests(): void {
  name(
    reconcileRequest,
    "ReconcileRequest",
    "`digest`: SHA-256 over the references that the client holds private keys for, sorted bytewise, one after the other. With `refs`, whose digest it must be, the answer names what the directory lacks, and `prune` removes what the client lacks.",
  );
}
