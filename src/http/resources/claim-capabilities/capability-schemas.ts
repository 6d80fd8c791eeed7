import * as z from "zod/mini";
import { base64url, base64urlText, identifier, named, unixSeconds } from "../../wire/common-schemas.ts";

export const capabilityRequest = /* @__PURE__ */ named(
  "ClaimCapabilityRequest",
  "`secret_sha256`: SHA-256 of the secret, which is 32 random bytes. `max_claims`: how many claims with it may give something, `expires_at`: until when; without them, any number within the budgets until it is revoked.",
  () =>
    z.strictObject({
      secret_sha256: base64urlText,
      max_claims: z.optional(z.int().check(z.minimum(1), z.maximum(1_000_000))),
      expires_at: z.optional(unixSeconds),
    }),
);

export const capabilityAnswer = /* @__PURE__ */ named(
  "ClaimCapability",
  "A claim capability, by the name that its owner gave it. `client` made it, and it ends with that client's registration. `claims`: how many claims have given something, counted if there is a `max_claims`.",
  () =>
    z.strictObject({
      name: identifier,
      client: identifier,
      secret_sha256: base64url,
      created_at: unixSeconds,
      expires_at: z.nullable(unixSeconds),
      max_claims: z.nullable(z.int().check(z.minimum(1))),
      claims: z.int().check(z.minimum(0)),
    }),
);

export const capabilityList = /* @__PURE__ */ named(
  "ClaimCapabilityList",
  "All claim capabilities of the user, whichever client made them.",
  () => z.strictObject({ capabilities: z.array(capabilityAnswer) }),
);

export const capabilityRevoked = /* @__PURE__ */ named(
  "RevokedClaimCapability",
  "The capability is gone; `existed`: whether there was one.",
  () => z.strictObject({ name: identifier, existed: z.boolean() }),
);
