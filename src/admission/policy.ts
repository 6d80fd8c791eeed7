import type { CryptoProvider } from "../mls/crypto/provider.ts";

/** What a deployment decides about the packages that it takes. */
export type AdmissionPolicy = {
  /** Suites that may enter; those that the crypto provider lacks are refused besides. */
  readonly ciphersuites: readonly number[];
  readonly maxKeyPackageBytes: number;
  /** RFC 9420 §7.2 demands a maximum; `undefined` switches it off, for a policy that only looks. */
  readonly maxTotalLifetimeSeconds: number | undefined;
  /** How far in the future `not_before` may lie. */
  readonly uploadClockSkewSeconds: number;
  /**
   * Take GREASE in `KeyPackage.extensions` that the capabilities do not list: some implementations draw the two
   * independently, which RFC 9420 §10 does not allow.
   */
  readonly tolerateUnlistedGreaseKeyPackageExtensions?: boolean;
};

/** Whose packages these must be. */
export type ExpectedIdentity = {
  readonly user: string;
  readonly client: string;
  /** What a basic credential's identity must be: text with `{user}` and `{client}`; `*` takes any. */
  readonly template: string;
};

export type AdmissionContext = {
  readonly crypto: CryptoProvider;
  readonly policy: AdmissionPolicy;
  /** Unix seconds. */
  readonly now: number;
  readonly identity?: ExpectedIdentity;
  /** The keys that the client has registered, by scheme: a package of any other is refused before its signatures. */
  readonly signatureKeys?: readonly { readonly scheme: number; readonly publicKey: Uint8Array }[];
};
