import type { CryptoProvider } from "../mls/crypto/provider.ts";
import type { X509Verifier } from "../mls/x509/x509-verifier.ts";

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
  /** Takes x509 credentials that it accepts; without it they are an `unsupported_credential_type`. */
  readonly x509?: X509Verifier;
};

/** Whose packages these must be; what is left out is not asked. */
export type Publisher = {
  /** The identity that a basic credential must have, in UTF-8, or an x509 one as a subject alternative name. */
  readonly identity?: string | undefined;
  /** The keys that the client has registered, by scheme: a package of any other is refused before its signatures. */
  readonly signatureKeys?: ReadonlyMap<number, Uint8Array>;
};

export type AdmissionContext = {
  readonly crypto: CryptoProvider;
  readonly policy: AdmissionPolicy;
  readonly publisher: Publisher;
  /** Unix seconds. */
  readonly now: number;
};

/** The identity that a template gives: `{user}` and `{client}` filled in once; `*` takes any, which is undefined. */
export function expectedIdentity(template: string, user: string, client: string): string | undefined {
  if (template === "*") return undefined;
  return template.replace(/\{(user|client)\}/g, (_, name) => (name === "user" ? user : client));
}
