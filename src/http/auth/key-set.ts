/** A set of an issuer's public keys, from which a token's header picks one. */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTHeaderParameters } from "jose";
import type { Jwks } from "../../config/auth-settings.ts";
import { ok, type Result } from "../../shared/ok-or-error.ts";

/** Why there is no key to verify with: no key has that id, several could be meant, or the one meant cannot be used. */
export type KeyFault = "unknown_key" | "ambiguous_key" | "unusable_key";

export type KeySet = {
  /** Of the keys that have one. */
  readonly ids: readonly string[];
  /** Whether a key has this id. A token without one names nothing that could be missing. */
  readonly has: (keyId: string | undefined) => boolean;
  readonly pick: (header: JWTHeaderParameters) => Promise<Result<CryptoKey, KeyFault>>;
};

export function keySet(jwks: Jwks): KeySet {
  const pick = createLocalJWKSet(jwks as JSONWebKeySet);
  const keyIds = new Set(jwks.keys.map((key) => (key as { readonly kid?: unknown }).kid));
  return {
    ids: [...keyIds].filter((id) => typeof id === "string"),
    has: (keyId) => keyId === undefined || keyIds.has(keyId),
    pick: async (header) => {
      try {
        return ok(await pick(header));
      } catch (error) {
        return { ok: false, error: faultOf(error) };
      }
    },
  };
}

function faultOf(error: unknown): KeyFault {
  if (error instanceof errors.JWKSNoMatchingKey) return "unknown_key";
  return error instanceof errors.JWKSMultipleMatchingKeys ? "ambiguous_key" : "unusable_key";
}
