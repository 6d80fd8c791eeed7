/** Claims: what is asked for, and what each client gave. */
import type { CapabilityLists } from "./capability-lists.ts";
import type { Claimer, PoolCall } from "./pool-call.ts";

export type ClaimCriteria = {
  /** Acceptable ciphersuites, the preferred one first; none for a bundle, so that a pool without bundles gives nothing. */
  readonly ciphersuites: readonly number[];
  /**
   * Groups of acceptable ciphersuites, of which a client gives one package each or none at all. No suite is in two of
   * them. Undefined for an ordinary claim.
   */
  readonly bundle?: readonly (readonly number[])[];
  readonly requiredCapabilities: CapabilityLists;
  readonly excludeClients: readonly string[];
  readonly minRemainingLifetimeSeconds: number;
  readonly allowLastResort: boolean;
};

export type ClaimCall = PoolCall & {
  readonly claimer: Claimer;
  readonly criteria: ClaimCriteria;
  /** `bodyHash`: SHA-256 over the request, by which another request with the same key is recognised. */
  readonly idempotency: { readonly key: string; readonly bodyHash: Uint8Array } | undefined;
};

export type ClaimedPackage = {
  readonly keyPackage: Uint8Array;
  readonly keyPackageRef: Uint8Array;
  readonly ciphersuite: number;
  readonly notAfter: number;
  /** When its client was registered; undefined in a record of a version that did not note it. */
  readonly registeredAt: number | undefined;
};

export type ClientClaim =
  | {
      readonly client: string;
      readonly status: "claimed" | "last_resort";
      /** Of a bundle the one of the first group. */
      readonly package: ClaimedPackage;
      /** Those of a bundle's other groups, in their order. */
      readonly others?: readonly ClaimedPackage[];
    }
  | { readonly client: string; readonly status: "exhausted" | "incompatible" | "excluded" }
  | { readonly client: string; readonly status: "rate_limited"; readonly retryAfterSeconds: number };

/** What a client gave: nothing, one package, or a bundle in the order of its groups. */
export const packagesOf = (claim: ClientClaim): readonly ClaimedPackage[] =>
  "package" in claim ? [claim.package, ...(claim.others ?? [])] : [];

/**
 * `ok`: every client that was not excluded gave a package; `partial`: some did; `none`: none could;
 * `rate_limited`: none did, and a budget kept at least one from it.
 */
export type ClaimStatus = "ok" | "partial" | "none" | "rate_limited";

export type ClaimAnswer =
  | {
      readonly outcome: "answered";
      readonly status: ClaimStatus;
      readonly clients: readonly ClientClaim[];
      readonly replayed: boolean;
      /** When it was made first, in unix seconds. */
      readonly at: number;
      /** Its number in the journal; undefined for one that is not written down, as nothing was given. */
      readonly claimId: number | undefined;
    }
  | { readonly outcome: "unknown_user" }
  | { readonly outcome: "idempotency_key_reused" };
