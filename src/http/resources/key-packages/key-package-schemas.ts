import * as z from "zod/mini";
import { MAX_KEY_PACKAGES_PER_REQUEST, MAX_REFS_PER_REQUEST } from "../../../config/limits.ts";
import { receiptQuery } from "../../receipts/receipts.ts";
import {
  base64url,
  base64urlText,
  codePoint,
  inventory,
  name,
  named,
  receipt,
  restoreEpoch,
} from "../../wire/common-schemas.ts";
import { resultCodes, resultCodesText } from "./result-codes.ts";

/** The count is not capped here: too many packages, or references, have a code of their own. */
export const publishRequest = z.strictObject({ key_packages: z.array(base64urlText) });

export const publishResult = /* @__PURE__ */ describedResult();

function describedResult() {
  const text = `What became of one package. \`ok\` is true when nothing is wrong with it. ${resultCodesText()}.`;
  return named("PublishResult", text, () =>
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
}

export const publishAnswer = /* @__PURE__ */ named(
  "PublishAnswer",
  "One result for each package in the caller's order, and what is now in stock.",
  () =>
    z.strictObject({
      results: z.array(publishResult),
      inventory,
      restore_epoch: restoreEpoch,
      receipt: z.optional(receipt),
    }),
);

export const removeRequest = z
  .strictObject({
    refs: z.optional(z.array(base64urlText).check(z.minLength(1), z.maxLength(MAX_REFS_PER_REQUEST))),
    all: z.optional(z.literal(true)),
  })
  .check(
    z.refine(
      ({ refs, all }) => (refs === undefined) !== (all === undefined),
      "expected either refs or all, got both or neither",
    ),
  );

export const removeAnswer = /* @__PURE__ */ named("RemoveAnswer", "How many live packages were removed.", () =>
  z.strictObject({ removed: z.int().check(z.minimum(0)), inventory }),
);

export const replaceQuery = z.strictObject({
  allow_empty: z.optional(z.enum(["true", "false"])),
  ...receiptQuery.shape,
});

/** Members of the problem `batch_refused`. */
export const refusedBatch = /* @__PURE__ */ named(
  "RefusedBatch",
  "Why the replacement was refused, and what is still in stock.",
  () => z.object({ results: z.array(publishResult), inventory, restore_epoch: restoreEpoch }),
);

/** For the description. */
export function nameKeyPackageRequests(): void {
  name(
    publishRequest,
    "PublishRequest",
    `Up to ${MAX_KEY_PACKAGES_PER_REQUEST} packages (a deployment may change the number), each an MLSMessage or a bare KeyPackage.`,
  );
  name(removeRequest, "RemoveRequest", `Either up to ${MAX_REFS_PER_REQUEST} references, or everything.`);
}
