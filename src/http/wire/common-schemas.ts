/** What several resources are made of. Schemas import in plain Node: the description of the API is made from them. */
import * as z from "zod/mini";
import { MAX_CURSOR_CHARACTERS, MAX_IDENTIFIER_BYTES } from "../../config/limits.ts";
import { isIdentifier } from "../../shared/identifier.ts";

/**
 * Makes a schema with a name in the description, which alone refers to it, as to an answer. This counts as without side
 * effects, so that a bundler leaves the schema out.
 */
/* @__NO_SIDE_EFFECTS__ */
export function named<T extends z.ZodMiniType>(id: string, description: string, make: () => T): T {
  const schema = make();
  name(schema, id, description);
  return schema;
}

/** Gives a name to a schema that the Worker reads with: in a function that only the description calls, beside the schema. */
export function name(schema: z.ZodMiniType, id: string, description: string): void {
  z.globalRegistry.add(schema, { id, description });
}

export const identifier = z
  .string()
  .check(
    z.minLength(1),
    z.maxLength(MAX_IDENTIFIER_BYTES),
    z.refine(isIdentifier, "expected 1 to 256 bytes without control characters, and not . or .."),
  );

export const poolId = z.string().check(z.regex(/^[0-9a-f]{64}$/));

export const base64url = z.string().check(z.regex(/^[A-Za-z0-9_-]*$/));

/** Accepts any text, so that what is not base64url gets a code of its own instead of failing the whole request. */
export const base64urlText = z.string();

export const receipt = /* @__PURE__ */ named(
  "Receipt",
  "What the directory states of this, signed: a JWS in the compact serialization (docs/receipts.md).",
  () => z.string().check(z.regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/)),
);

export const cursor = z.string().check(z.minLength(1), z.maxLength(MAX_CURSOR_CHARACTERS));

export const codePoint = z.int().check(z.minimum(0), z.maximum(0xffff));

export const unixSeconds = z.int().check(z.minimum(0));

/** What came of an operator's change: null or empty for one that is under way, or of which nobody knows how it ended. */
export const outcomeMembers = () => ({
  ended_at: z.nullable(unixSeconds),
  status: z.nullable(z.int().check(z.minimum(100))),
  code: z.nullable(z.string()),
  outcomes: z.array(z.strictObject({ name: z.string(), value: z.int().check(z.minimum(0)) })),
});

export const signatureKeys = /* @__PURE__ */ named(
  "SignatureKeys",
  "Signature public keys by the name of their scheme in the TLS registry: raw for EdDSA and ML-DSA, uncompressed points for ECDSA.",
  () =>
    z.strictObject({
      ecdsa_secp256r1_sha256: z.optional(base64url),
      ecdsa_secp384r1_sha384: z.optional(base64url),
      ecdsa_secp521r1_sha512: z.optional(base64url),
      ed25519: z.optional(base64url),
      ed448: z.optional(base64url),
      mldsa44: z.optional(base64url),
      mldsa65: z.optional(base64url),
      mldsa87: z.optional(base64url),
    }),
);

export const lastResortView = /* @__PURE__ */ named(
  "LastResortView",
  "A last resort in stock. `needs_rotation`: it was used, or has been in stock for a month; upload another one.",
  () =>
    z.strictObject({
      stored_at: unixSeconds,
      first_used_at: z.nullable(unixSeconds),
      uses: z.int().check(z.minimum(0)),
      needs_rotation: z.boolean(),
    }),
);

export const suiteInventory = /* @__PURE__ */ named(
  "SuiteInventory",
  "What is in stock for one ciphersuite. Zeros are sent. `needs_upload`: too few one-time packages, or no last resort.",
  () =>
    z.strictObject({
      ciphersuite: codePoint,
      available: z.int().check(z.minimum(0)),
      last_resort: z.nullable(lastResortView),
      next_expiry: z.nullable(unixSeconds),
      target: z.int().check(z.minimum(0)),
      low_watermark: z.int().check(z.minimum(0)),
      needs_upload: z.boolean(),
    }),
);

export const budgets = /* @__PURE__ */ named(
  "BudgetStates",
  "Budgets that are not empty, by their names in docs/storage-schema.md: `pair:` and `miss:` are followed by the user who claimed. `empty_at`: when nothing of it will be spent any more.",
  () => z.array(z.strictObject({ name: z.string(), empty_at: unixSeconds })),
);

export const restoreEpoch = /* @__PURE__ */ named(
  "RestoreEpochSeconds",
  "The newest restore epoch that the user's pool knows, in seconds since 1970; 0 if there never was a restore. What was stored or made before it is void: after it has grown, a client makes new packages, a last resort too.",
  () => z.int().check(z.minimum(0)),
);

export const inventory = /* @__PURE__ */ named(
  "Inventory",
  "One entry for each ciphersuite that the client ever stocked; while it stocked none, every suite of the policy for whose signature scheme it has registered a key.",
  () => z.array(suiteInventory),
);

export const capabilityLists = /* @__PURE__ */ named(
  "CapabilityLists",
  "Code points beyond the defaults of RFC 9420 §7.2.",
  () =>
    z.strictObject({
      extensions: z.array(codePoint),
      proposals: z.array(codePoint),
      credentials: z.array(codePoint),
    }),
);

/** What a backend is yet to be told of a user's stock, and of which expiries it was. */
export const waitingEvents = () =>
  z.strictObject({
    waiting: z.array(
      z.strictObject({
        id: z.string(),
        sequence: z.int().check(z.minimum(0)),
        type: z.string(),
        cause: z.string(),
        client: identifier,
        ciphersuite: codePoint,
        at: unixSeconds,
        available: z.int().check(z.minimum(0)),
        last_resort: z.boolean(),
        next_expiry: z.nullable(unixSeconds),
        expires_by: z.optional(unixSeconds),
        left: z.optional(z.int().check(z.minimum(0))),
        attempts: z.int().check(z.minimum(0)),
        rejections: z.int().check(z.minimum(0)),
      }),
    ),
    expiry_told: z.array(z.strictObject({ client: identifier, until: unixSeconds })),
  });

/** For the description. */
export function nameCommonSchemas(): void {
  name(
    identifier,
    "Identifier",
    "A user or client: 1 to 256 bytes of UTF-8 without control characters, compared as it stands; not `.` or `..`.",
  );
  name(poolId, "PoolId", "The id of a user's Durable Object, in hex as the platform lists it.");
  name(base64url, "Base64Url", "Bytes in base64url without padding.");
  name(base64urlText, "Base64UrlText", "Bytes in base64url without padding.");
  name(cursor, "Cursor", "Where a page ended: the `next` of an answer, sent as `after`. It has no other meaning.");
  name(codePoint, "CodePoint", "A 16-bit code point of an IANA registry of MLS.");
  name(unixSeconds, "UnixSeconds", "Seconds since 1970.");
}
