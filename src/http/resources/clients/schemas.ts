import * as z from "zod/mini";
import { base64urlText, identifier, inventory, named, signatureKeys, unixSeconds } from "../../wire/schemas.ts";

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
