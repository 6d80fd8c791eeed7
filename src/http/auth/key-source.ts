/** Where the key that verifies a token comes from. */
import type { JWTHeaderParameters } from "jose";
import type { Jwks } from "../../config/auth-settings.ts";
import type { Result } from "../../shared/ok-or-error.ts";
import { type KeyFault, keySet } from "./key-set.ts";

export type Lookup = {
  readonly nowMs: number;
  /** Whether the token would be accepted if its signature were good: others make nobody ask the issuer for more keys. */
  readonly isPlausible: boolean;
  /** Is given what goes on after the request. */
  readonly inBackground: (work: Promise<void>) => void;
};

export type NoKey = { readonly fault: KeyFault | "keys_unavailable"; readonly retryAfterSeconds?: number };

export type KeySource = {
  readonly keyFor: (header: JWTHeaderParameters, lookup: Lookup) => Promise<Result<CryptoKey, NoKey>>;
};

/** Keys that are a setting: they change with a deployment. */
export function fixedKeys(jwks: Jwks): KeySource {
  const keys = keySet(jwks);
  return {
    keyFor: async (header) => {
      const picked = await keys.pick(header);
      return picked.ok ? picked : { ok: false, error: { fault: picked.error } };
    },
  };
}
