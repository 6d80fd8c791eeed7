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

/** What is known of an issuer's keys; they are public. */
export type KeyState = {
  readonly from: "address" | "setting";
  /** Of the keys that are in use, in unix milliseconds; undefined without any, and for those of a setting. */
  readonly fetchedAtMs: number | undefined;
  /** Whether the last fetch failed. */
  readonly failed: boolean;
  readonly keyIds: readonly string[];
};

/** `too_soon`: the budget of fetches did not allow one; `of_a_setting`: there is nothing to fetch. */
export type KeyRefresh = "fetched" | "failed" | "too_soon" | "of_a_setting";

export type KeySource = {
  readonly keyFor: (header: JWTHeaderParameters, lookup: Lookup) => Promise<Result<CryptoKey, NoKey>>;
  /**
   * After a signature that the key from `keyFor` does not verify: the key that has taken its place under the same id, or
   * without one. Undefined if nothing newer was published, or may not be asked for yet.
   */
  readonly successorOf: (header: JWTHeaderParameters, lookup: Lookup) => Promise<CryptoKey | undefined>;
  readonly state: (nowMs: number) => KeyState;
  /** Fetches the keys now, however young those are that are in use. If that fails, those stay in use. Never rejects. */
  readonly refresh: (nowMs: number) => Promise<KeyRefresh>;
  /** Ends the use of keys that were fetched before `sinceMs`; whether that was news. */
  readonly expire: (sinceMs: number, nowMs: number) => boolean;
};

/** Keys that are a setting: they change with a deployment. */
export function fixedKeys(jwks: Jwks): KeySource {
  const keys = keySet(jwks);
  return {
    state: () => ({ from: "setting", fetchedAtMs: undefined, failed: false, keyIds: keys.ids }),
    refresh: () => Promise.resolve("of_a_setting"),
    expire: () => false,
    successorOf: () => Promise.resolve(undefined),
    keyFor: async (header) => {
      const picked = await keys.pick(header);
      return picked.ok ? picked : { ok: false, error: { fault: picked.error } };
    },
  };
}
