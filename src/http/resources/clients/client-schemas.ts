import * as z from "zod/mini";
import {
  base64urlText,
  identifier,
  inventory,
  name,
  named,
  receipt,
  signatureKeys,
  unixSeconds,
} from "../../wire/common-schemas.ts";

const BY_SCHEME = {
  ecdsa_secp256r1_sha256: z.optional(base64urlText),
  ecdsa_secp384r1_sha384: z.optional(base64urlText),
  ecdsa_secp521r1_sha512: z.optional(base64urlText),
  ed25519: z.optional(base64urlText),
  ed448: z.optional(base64urlText),
  mldsa44: z.optional(base64urlText),
  mldsa65: z.optional(base64urlText),
  mldsa87: z.optional(base64urlText),
};

/** One of each scheme is enough. */
export const MAX_KEY_PACKAGES_READ = Object.keys(BY_SCHEME).length;

const isEmpty = (values: object): boolean => Object.values(values).every((value) => value === undefined);

export const registerRequest = z
  .strictObject({
    signature_keys: z.optional(
      z.strictObject(BY_SCHEME).check(z.refine((keys) => !isEmpty(keys), "expected at least one key, got none")),
    ),
    key_packages: z.optional(z.array(base64urlText).check(z.minLength(1), z.maxLength(MAX_KEY_PACKAGES_READ))),
    signed_at: z.optional(unixSeconds),
    proofs: z.optional(z.strictObject(BY_SCHEME)),
  })
  .check(
    z.refine(
      ({ signature_keys, key_packages }) => (signature_keys === undefined) !== (key_packages === undefined),
      "expected either signature_keys or key_packages, got both or neither",
    ),
    z.refine(
      ({ signed_at, proofs }) => (signed_at === undefined) === (proofs === undefined),
      "expected both signed_at and proofs or neither, got one of them",
    ),
    z.refine(
      ({ signature_keys, proofs }) => signature_keys === undefined || proofs !== undefined,
      "expected signed_at and proofs with signature_keys, got neither",
    ),
  );
export type RegisterRequest = z.infer<typeof registerRequest>;

/** Members of the problem `proof_expired`. */
export const proofTimes = /* @__PURE__ */ named(
  "ProofTimes",
  "The directory's time, by which a device whose clock is off can sign again, and the time that was sent.",
  () => z.object({ server_time: unixSeconds, signed_at: unixSeconds }),
);

export const clientAnswer = /* @__PURE__ */ named("Client", "A registered client, as its owner sees it.", () =>
  z.strictObject({
    user: identifier,
    client: identifier,
    registered_at: unixSeconds,
    signature_keys: signatureKeys,
    inventory,
    receipt: z.optional(receipt),
  }),
);

export const revokeAnswer = /* @__PURE__ */ named(
  "RevokedClient",
  "The client is gone; `purged` live packages went with it, none if it was revoked already.",
  () =>
    z.strictObject({
      user: identifier,
      client: identifier,
      purged: z.int().check(z.minimum(0)),
      receipt: z.optional(receipt),
    }),
);

/** For the description. */
export function nameClientRequests(): void {
  name(
    registerRequest,
    "RegisterRequest",
    "Signature keys to register, listed in `signature_keys` or read from the leaves of `key_packages`, which are not stored; and for each a proof that the caller holds it: a signature by that key over the registration, made at `signed_at`. Where identities name user and client, `key_packages` that were made just now prove it without `signed_at` and `proofs`. A scheme that has a key keeps it.",
  );
}
