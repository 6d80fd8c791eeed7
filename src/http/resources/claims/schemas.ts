import * as z from "zod/mini";
import { MAX_CLAIM_LIST_ITEMS, MAX_MIN_REMAINING_LIFETIME_SECONDS } from "../../../config/limits.ts";
import { base64url, codePoint, identifier, named, unixSeconds } from "../../wire/schemas.ts";

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
};

export const claimRequest = named(
  "ClaimRequest",
  "What the packages must fit. `ciphersuites` in order of preference, by default the policy's.",
  z.strictObject(criteria),
);
export type ClaimRequest = z.infer<typeof claimRequest>;

/** The number of users is not capped here: too many have a code of their own. */
export const bulkClaimRequest = named(
  "BulkClaimRequest",
  "The same for many users; a user named twice is answered once, and `exclude_clients` counts for each of them.",
  z.strictObject({ users: z.array(identifier).check(z.minLength(1)), ...criteria }),
);

const given = {
  client: identifier,
  key_package: base64url,
  key_package_ref: base64url,
  ciphersuite: codePoint,
  not_after: unixSeconds,
};

export const clientClaim = named(
  "ClientClaim",
  "What one client gave. `key_package` is a bare KeyPackage, exactly as its owner uploaded it.",
  z.union([
    z.strictObject({ ...given, status: z.enum(["claimed", "last_resort"]) }),
    z.strictObject({ client: identifier, status: z.enum(["exhausted", "incompatible", "excluded"]) }),
    z.strictObject({ client: identifier, status: z.literal("rate_limited"), retry_after_seconds: z.int() }),
  ]),
);
export type ClientClaimBody = z.infer<typeof clientClaim>;

export const claimAnswer = named(
  "ClaimAnswer",
  "`ok`: every client that was not excluded gave a package; `partial`: some did; `none`: none had one that fits.",
  z.strictObject({
    user: identifier,
    status: z.enum(["ok", "partial", "none"]),
    clients: z.array(clientClaim),
  }),
);

/** Members of the problem `rate_limited`. */
export const rateLimitedClaim = named(
  "RateLimitedClaim",
  "When each client may give again.",
  z.object({ user: identifier, clients: z.array(clientClaim) }),
);

export const bulkClaimAnswer = named(
  "BulkClaimAnswer",
  "One outcome for each user, in the order in which they were first named. `failed`: the user's pool did not answer, so nothing is known, or the answer was full (`answer_too_large`) and nothing was taken; ask again with the same Idempotency-Key, or for fewer users. `idempotency_key_reused`: the user's pool knows the key for a different request, and nothing was taken from it.",
  z.strictObject({
    users: z.array(
      z.strictObject({
        user: identifier,
        status: z.enum(["ok", "partial", "none", "unknown_user", "rate_limited", "failed", "idempotency_key_reused"]),
        clients: z.array(clientClaim),
        code: z.optional(z.enum(["pool_unavailable", "pool_overloaded", "pool_schema_newer", "answer_too_large"])),
      }),
    ),
  }),
);
export type BulkClaimUser = z.infer<typeof bulkClaimAnswer>["users"][number];
