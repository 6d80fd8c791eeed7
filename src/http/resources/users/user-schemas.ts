import * as z from "zod/mini";
import {
  capabilityLists,
  codePoint,
  identifier,
  named,
  signatureKeys,
  unixSeconds,
} from "../../wire/common-schemas.ts";

export const offer = /* @__PURE__ */ named(
  "Offer",
  "What a client has on offer for one ciphersuite, in the sets of capabilities that its packages list. With `capabilities_complete` false there are more sets than the directory keeps; those of the oldest packages are left out.",
  () =>
    z.strictObject({
      ciphersuite: codePoint,
      available: z.int().check(z.minimum(0)),
      last_resort: z.boolean(),
      next_expiry: z.nullable(unixSeconds),
      capabilities: z.array(capabilityLists),
      capabilities_complete: z.boolean(),
    }),
);

export const clientListAnswer = /* @__PURE__ */ named(
  "ClientList",
  "The clients of a user. Reading it takes nothing.",
  () =>
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
