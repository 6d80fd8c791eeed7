import * as z from "zod/mini";
import {
  MAX_BUNDLE_GROUPS,
  MAX_CLAIM_LIST_ITEMS,
  MAX_MIN_REMAINING_LIFETIME_SECONDS,
  MAX_USERS_PER_CLAIM,
} from "../../../config/limits.ts";
import { base64url, codePoint, identifier, name, named, receipt, unixSeconds } from "../../wire/common-schemas.ts";

const codePoints = z.array(codePoint).check(z.maxLength(MAX_CLAIM_LIST_ITEMS));

const criteria = {
  ciphersuites: z.optional(z.array(codePoint).check(z.minLength(1), z.maxLength(MAX_CLAIM_LIST_ITEMS))),
  required_capabilities: z.optional(
    z.strictObject({
      extensions: z.optional(codePoints),
      proposals: z.optional(codePoints),
      credentials: z.optional(codePoints),
    }),
  ),
  exclude_clients: z.optional(z.array(identifier).check(z.maxLength(MAX_CLAIM_LIST_ITEMS))),
  min_remaining_lifetime_seconds: z.optional(
    z.int().check(z.minimum(0), z.maximum(MAX_MIN_REMAINING_LIFETIME_SECONDS)),
  ),
  allow_last_resort: z.optional(z.boolean()),
  format: z.optional(z.enum(["key_package", "mls_message"])),
  route: z.optional(z.boolean()),
  bundle: z.optional(
    z
      .array(z.array(codePoint).check(z.minLength(1), z.maxLength(MAX_CLAIM_LIST_ITEMS)))
      .check(z.minLength(1), z.maxLength(MAX_BUNDLE_GROUPS)),
  ),
};

const bundleAlone = z.refine<{
  readonly ciphersuites?: unknown;
  readonly bundle?: readonly (readonly number[])[] | undefined;
}>(
  ({ ciphersuites, bundle }) => ciphersuites === undefined || bundle === undefined,
  "expected either ciphersuites or bundle, got both",
);
const groupsApart = z.refine<{ readonly bundle?: readonly (readonly number[])[] | undefined }>(({ bundle }) => {
  const suites = (bundle ?? []).flatMap((group) => [...new Set(group)]);
  return new Set(suites).size === suites.length;
}, "expected groups of a bundle without a ciphersuite in common, got one in two of them");

export const claimRequest = z.strictObject(criteria).check(bundleAlone, groupsApart);
export type ClaimRequest = z.infer<typeof claimRequest>;

/** For the description: too many users are counted before, and have a code of their own. */
export const bulkClaimRequest = z
  .strictObject({ users: z.array(identifier).check(z.minLength(1), z.maxLength(MAX_USERS_PER_CLAIM)), ...criteria })
  .check(bundleAlone, groupsApart);

/** One flat object, so that every generator of clients can read it: which members it has follows from the status. */
export const clientClaim = /* @__PURE__ */ named(
  "ClientClaim",
  "What one client gave. With `claimed` and `last_resort` there are `key_package`, a KeyPackage exactly as its owner uploaded it, bare or in an MLSMessage as the request has it, `key_package_ref`, `ciphersuite` and `not_after`, and the directory's `receipt` if the request asked for one; with `rate_limited` there is `retry_after_seconds`. Of a bundle those members are in `packages`, in the order of its groups.",
  () =>
    z.strictObject({
      client: identifier,
      status: z.enum(["claimed", "last_resort", "exhausted", "incompatible", "excluded", "rate_limited"]),
      key_package: z.optional(base64url),
      key_package_ref: z.optional(base64url),
      ciphersuite: z.optional(codePoint),
      not_after: z.optional(unixSeconds),
      packages: z.optional(
        z.array(
          z.strictObject({
            key_package: base64url,
            key_package_ref: base64url,
            ciphersuite: codePoint,
            not_after: unixSeconds,
            receipt: z.optional(receipt),
          }),
        ),
      ),
      receipt: z.optional(receipt),
      retry_after_seconds: z.optional(z.int().check(z.minimum(1))),
    }),
);
export type ClientClaimBody = z.infer<typeof clientClaim>;

export const claimAnswer = /* @__PURE__ */ named(
  "ClaimAnswer",
  "`ok`: every client that was not excluded gave a package; `partial`: some did; `none`: none had one that fits.",
  () =>
    z.strictObject({
      user: identifier,
      status: z.enum(["ok", "partial", "none"]),
      clients: z.array(clientClaim),
    }),
);

/** Members of the problem `rate_limited`. */
export const rateLimitedClaim = /* @__PURE__ */ named("RateLimitedClaim", "When each client may give again.", () =>
  z.object({ user: identifier, clients: z.array(clientClaim) }),
);

export const bulkClaimAnswer = /* @__PURE__ */ named(
  "BulkClaimAnswer",
  "One outcome for each user, in the order in which they were first named. `failed`: the user's pool did not answer, so nothing is known, or the answer was full (`answer_too_large`) and nothing was taken; ask again with the same Idempotency-Key, or for fewer users. `idempotency_key_reused`: the user's pool knows the key for a different request, and nothing was taken from it. `rate_limited` with `unknown_users_exhausted`: neither this server nor the directory knows the user, and the caller has asked for too many such users.",
  () =>
    z.strictObject({
      users: z.array(
        z.strictObject({
          user: identifier,
          status: z.enum(["ok", "partial", "none", "unknown_user", "rate_limited", "failed", "idempotency_key_reused"]),
          clients: z.array(clientClaim),
          code: z.optional(
            z.enum([
              "pool_unavailable",
              "pool_overloaded",
              "pool_schema_newer",
              "answer_too_large",
              "unknown_users_exhausted",
            ]),
          ),
        }),
      ),
    }),
);
export type BulkClaimUser = z.infer<typeof bulkClaimAnswer>["users"][number];

/** For the description. */
export function nameClaimRequests(): void {
  name(
    claimRequest,
    "ClaimRequest",
    "What the packages must fit. `ciphersuites` in order of preference, by default the policy's. `format`: how the packages of a JSON answer are encoded, bare by default. `route`: note whose packages they are, for `POST /v1/routes`; it needs an Idempotency-Key, and a directory that keeps routes. `bundle`, in place of `ciphersuites`: groups of ciphersuites without one in common; each client gives one package of each group or none at all.",
  );
  name(
    bulkClaimRequest,
    "BulkClaimRequest",
    "The same for many users; a user named twice is answered once, and `exclude_clients` counts for each of them.",
  );
}
