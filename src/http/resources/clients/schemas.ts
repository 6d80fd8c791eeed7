import * as z from "zod/mini";
import { base64urlText, identifier, inventory, named, signatureKeys, unixSeconds } from "../../wire/schemas.ts";

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

const schemesOf = (values: Readonly<Record<string, string | undefined>>): string =>
  Object.keys(values)
    .filter((name) => values[name] !== undefined)
    .sort()
    .join();

export const registerRequest = named(
  "RegisterRequest",
  "Signature keys to register, each with a proof that the caller holds it: a signature by that key over the registration, made at `signed_at`. A scheme that has a key keeps it.",
  z
    .strictObject({
      signature_keys: z
        .strictObject(BY_SCHEME)
        .check(z.refine((keys) => schemesOf(keys) !== "", "expected at least one key")),
      signed_at: unixSeconds,
      proofs: z.strictObject(BY_SCHEME),
    })
    .check(
      z.refine(({ signature_keys, proofs }) => schemesOf(signature_keys) === schemesOf(proofs), {
        path: ["proofs"],
        error: "expected one proof for each signature key and no other",
      }),
    ),
);
export type RegisterRequest = z.infer<typeof registerRequest>;

/** Members of the problem `proof_expired`. */
export const proofTimes = named(
  "ProofTimes",
  "The directory's time, by which a device whose clock is off can sign again, and the time that was sent.",
  z.object({ server_time: unixSeconds, signed_at: unixSeconds }),
);

export const clientAnswer = named(
  "Client",
  "A registered client, as its owner sees it.",
  z.strictObject({
    user: identifier,
    client: identifier,
    registered_at: unixSeconds,
    signature_keys: signatureKeys,
    inventory,
  }),
);

export const revokeAnswer = named(
  "RevokedClient",
  "The client is gone; `purged` live packages went with it, none if it was revoked already.",
  z.strictObject({ user: identifier, client: identifier, purged: z.int() }),
);
