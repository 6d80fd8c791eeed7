import * as z from "zod/mini";
import {
  base64urlText,
  capabilityLists,
  codePoint,
  identifier,
  inventory,
  named,
  signatureKeys,
  unixSeconds,
} from "../../wire/schemas.ts";

export const registerRequest = named(
  "RegisterRequest",
  "Signature keys to register. A scheme that has a key keeps it.",
  z.strictObject({
    signature_keys: z
      .strictObject({
        ecdsa_secp256r1_sha256: z.optional(base64urlText),
        ecdsa_secp384r1_sha384: z.optional(base64urlText),
        ecdsa_secp521r1_sha512: z.optional(base64urlText),
        ed25519: z.optional(base64urlText),
        ed448: z.optional(base64urlText),
      })
      .check(z.refine((keys) => Object.values(keys).some((key) => key !== undefined), "expected at least one key")),
  }),
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
  "The client is gone; `purged` live packages went with it.",
  z.strictObject({ user: identifier, client: identifier, purged: z.int() }),
);

export const offer = named(
  "Offer",
  "What a client has on offer for one ciphersuite, in the sets of capabilities that its packages list.",
  z.strictObject({
    ciphersuite: codePoint,
    available: z.int().check(z.minimum(0)),
    last_resort: z.boolean(),
    next_expiry: z.nullable(unixSeconds),
    capabilities: z.array(capabilityLists),
  }),
);

export const clientListAnswer = named(
  "ClientList",
  "The clients of a user. Reading it takes nothing.",
  z.strictObject({
    user: identifier,
    clients: z.array(
      z.strictObject({
        client: identifier,
        registered_at: unixSeconds,
        signature_keys: signatureKeys,
        offers: z.array(offer),
      }),
    ),
  }),
);
