/**
 * What crosses the RPC boundary between the Worker and a user's pool.
 *
 * All are `type`s, not interfaces (structured clone over Workers RPC), bytes are Uint8Array, times are unix seconds as
 * numbers. Expected outcomes are values; only a fault throws. `at` of an answer is when it took effect, by the pool's clock.
 */

/** The principal of the token that made a request. */
export type UserClaimer = { readonly user: string; readonly client: string };

/** Who holds the secret of a capability, whoever that is. */
export type CapabilityClaimer = {
  /** The name that its owner gave it. */
  readonly capability: string;
  /** SHA-256 of the secret. */
  readonly secretHash: Uint8Array;
};

export type Claimer = UserClaimer | CapabilityClaimer;

/** TLS SignatureScheme number (RFC 8446 §4.2.3), as in the ciphersuites of RFC 9420 §17.1. */
export type SignatureScheme = number;

/**
 * `restoreEpoch`: the newest one that the Worker knows, in unix seconds; 0 for none. `token`: of a caller who is a client
 * of the pool's own user; absent for all others.
 */
export type PoolCall = {
  readonly user: string;
  readonly restoreEpoch: number;
  readonly token?: CallerToken | undefined;
};

/** Which client a token was issued to and when, in unix seconds; `issuedAt` is undefined if it does not say. */
export type CallerToken = { readonly client: string; readonly issuedAt: number | undefined };

/** An operator or another client of the user ended the caller's client after the token was issued, at `endedAt`. */
export type TokenPredatesRevocation = { readonly outcome: "token_predates_revocation"; readonly endedAt: number };
