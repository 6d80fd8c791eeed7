import * as z from "zod/mini";
import { MAX_PAGE_ROWS } from "../../../config/limits.ts";
import {
  base64url,
  base64urlText,
  codePoint,
  cursor,
  identifier,
  inventory,
  named,
  restoreEpoch,
  unixSeconds,
} from "../../wire/schemas.ts";

export const inventoryAnswer = named(
  "InventoryAnswer",
  "What is in stock.",
  z.strictObject({ inventory, restore_epoch: restoreEpoch }),
);

export const reconcileRequest = named(
  "ReconcileRequest",
  "`digest`: SHA-256 over the references that the client holds private keys for, sorted bytewise, one after the other. With `refs`, whose digest it must be, the answer names what the directory lacks, and `prune` removes what the client lacks.",
  z
    .strictObject({
      digest: base64urlText,
      refs: z.optional(z.array(base64urlText)),
      prune: z.optional(z.boolean()),
    })
    .check(z.refine(({ refs, prune }) => prune !== true || refs !== undefined, "prune needs refs")),
);

const comparison = {
  server_refs: z.array(base64url),
  missing_at_server: z.array(base64url),
  to_replace: z.array(base64url),
  pruned: z.int(),
  inventory,
  restore_epoch: restoreEpoch,
};

export const reconcileAnswer = named(
  "ReconcileAnswer",
  "Both sides hold the same packages.",
  z.strictObject({ same: z.literal(true), ...comparison }),
);

/** Members of the problem `stock_differs`. */
export const reconcileDifference = named(
  "ReconcileDifference",
  "What the directory holds after any pruning, and what it lacks of `refs`. `to_replace` is empty unless a restore epoch is in force. It has the references that are not live and that the directory does not know as claimed: upload new packages in their place, and keep their private keys until they expire, since they may have been claimed before the restore.",
  z.object(comparison),
);

export const journalQuery = z.strictObject({
  after: z.optional(cursor),
  limit: z.optional(z.int().check(z.minimum(1), z.maximum(MAX_PAGE_ROWS))),
});

export const missedReason = z.enum(["exhausted", "incompatible", "rate_limited"]);

const journalEntry = {
  sequence: z.int(),
  at: unixSeconds,
  event: z.enum(["claimed", "last_resort", "missed"]),
  claimer: z.nullable(
    named(
      "Claimer",
      "Who claimed: the user and client of the token. Null once the user was erased.",
      z.strictObject({ user: identifier, client: identifier }),
    ),
  ),
  ciphersuite: z.optional(codePoint),
  key_package_ref: z.optional(base64url),
  reason: z.optional(missedReason),
};

/** Entries of all clients of a user. */
export const journalEntries = z.array(z.strictObject({ client: identifier, ...journalEntry }));

export const journalAnswer = named(
  "Journal",
  "Claims on the client's packages, oldest first. `next` is the next page's `after`; null on the last one.",
  z.strictObject({
    entries: z.array(z.strictObject(journalEntry)),
    next: z.nullable(cursor),
  }),
);

/** Within the `after` of a page of the journal: the sequence number of its last entry. */
export const journalCursor = z.tuple([z.int().check(z.minimum(0))]);
