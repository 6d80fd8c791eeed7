import * as z from "zod/mini";
import { MAX_KEY_PACKAGES_PER_REQUEST, MAX_PAGE_ROWS, MAX_REFS_PER_REQUEST } from "../../../config/limits.ts";
import { base64url, base64urlText, codePoint, identifier, inventory, named, unixSeconds } from "../../wire/schemas.ts";
import { resultCodes, resultCodesText } from "./result-codes.ts";

/** The count is not capped here: too many packages, or references, have a code of their own. */
export const publishRequest = named(
  "PublishRequest",
  `Up to ${MAX_KEY_PACKAGES_PER_REQUEST} packages (a deployment may change the number), each an MLSMessage or a bare KeyPackage.`,
  z.strictObject({ key_packages: z.array(base64urlText) }),
);

export const publishResult = named(
  "PublishResult",
  `What became of one package. \`ok\` is true when nothing is wrong with it. ${resultCodesText()}.`,
  z.strictObject({
    index: z.int().check(z.minimum(0)),
    ok: z.boolean(),
    code: z.enum(resultCodes),
    detail: z.optional(z.string()),
    key_package_ref: z.optional(base64url),
    ciphersuite: z.optional(codePoint),
    last_resort: z.optional(z.boolean()),
    warnings: z.optional(z.array(z.string())),
  }),
);

export const publishAnswer = named(
  "PublishAnswer",
  "One result for each package in the caller's order, and what is now in stock.",
  z.strictObject({ results: z.array(publishResult), inventory }),
);

export const removeRequest = named(
  "RemoveRequest",
  `Either up to ${MAX_REFS_PER_REQUEST} references, or everything.`,
  z
    .strictObject({
      refs: z.optional(z.array(base64urlText).check(z.minLength(1))),
      all: z.optional(z.literal(true)),
    })
    .check(z.refine(({ refs, all }) => (refs === undefined) !== (all === undefined), "expected either refs or all")),
);

export const removeAnswer = named(
  "RemoveAnswer",
  "How many live packages were removed.",
  z.strictObject({ removed: z.int(), inventory }),
);

export const inventoryAnswer = named("InventoryAnswer", "What is in stock.", z.strictObject({ inventory }));

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
  pruned: z.int(),
  inventory,
};

export const reconcileAnswer = named(
  "ReconcileAnswer",
  "Both sides hold the same packages.",
  z.strictObject({ same: z.literal(true), ...comparison }),
);

export const replaceQuery = z.strictObject({ allow_empty: z.optional(z.enum(["true", "false"])) });

/** Members of the problem `stock_differs`. */
export const reconcileDifference = named(
  "ReconcileDifference",
  "What the directory holds after any pruning, and what it lacks of `refs`.",
  z.object(comparison),
);

/** Members of the problem `batch_refused`. */
export const refusedBatch = named(
  "RefusedBatch",
  "Why the replacement was refused, and what is still in stock.",
  z.object({ results: z.array(publishResult), inventory }),
);

export const journalQuery = z.strictObject({
  after: z.optional(z.int().check(z.minimum(0))),
  limit: z.optional(z.int().check(z.minimum(1), z.maximum(MAX_PAGE_ROWS))),
});

export const journalAnswer = named(
  "Journal",
  "Claims on the client's packages, oldest first. `next_after` is the next page's `after`; null on the last one.",
  z.strictObject({
    entries: z.array(
      z.strictObject({
        sequence: z.int(),
        at: unixSeconds,
        event: z.enum(["claimed", "last_resort", "missed"]),
        claimer: z.strictObject({ user: identifier, client: identifier }),
        ciphersuite: z.optional(codePoint),
        key_package_ref: z.optional(base64url),
        reason: z.optional(z.enum(["exhausted", "incompatible", "rate_limited"])),
      }),
    ),
    next_after: z.nullable(z.int()),
  }),
);
