import type { CryptoVerifier } from "../mls/crypto/provider.ts";
import type { SuiteProfile } from "../mls/suite-profile.ts";
import type { X509Verifier } from "../mls/x509/x509-verifier.ts";

/**
 * Code points of one kind that a package may list as capabilities: the longest list of six implementations has 26, GREASE
 * included. What is listed is kept for claims and for the directory, and every claim and peek pays for it.
 */
export const MAX_CAPABILITIES_PER_KIND = 128;

/** Beyond it the publisher is warned. */
export const MANY_CAPABILITIES_PER_KIND = 64;

/** What a deployment decides about the packages that it accepts. */
export type AdmissionPolicy = {
  /** Accepted suites; one that the crypto provider lacks is refused all the same. */
  readonly ciphersuites: readonly number[];
  /** What their numbers mean; RFC 9420's if left out. */
  readonly profile?: SuiteProfile;
  readonly maxKeyPackageBytes: number;
  /** RFC 9420 §7.2 demands a maximum; `undefined` switches it off, for a tool that admits nothing. */
  readonly maxTotalLifetimeSeconds: number | undefined;
  /** How far in the future `not_before` may be. */
  readonly uploadClockSkewSeconds: number;
  /**
   * Accept GREASE in `KeyPackage.extensions` that the capabilities do not list: some implementations choose the two
   * independently, which RFC 9420 §10 does not allow.
   */
  readonly tolerateUnlistedGreaseKeyPackageExtensions?: boolean;
  /** Decides on x509 credentials; without it they are refused as `unsupported_credential_type`. */
  readonly x509?: X509Verifier;
};

/** Whose packages these must be; what is left out is not checked. */
export type Publisher = {
  /** The identity that a basic credential must have, in UTF-8. */
  readonly identity?: string | undefined;
  /** The subject alternative name that the certificate of an x509 credential must have. */
  readonly alternativeName?: AlternativeName | undefined;
  /** The keys that the client registered, by scheme: a package with another key is refused before its signatures. */
  readonly signatureKeys?: ReadonlyMap<number, Uint8Array>;
};

/** A name of a certificate (RFC 5280 §4.2.1.6), compared as text: `url` is a URI, `email` an rfc822Name. */
export type AlternativeName = { readonly type: "url" | "dns" | "email"; readonly value: string };

export type AdmissionContext = {
  readonly crypto: CryptoVerifier;
  readonly policy: AdmissionPolicy;
  readonly publisher: Publisher;
  /** Unix seconds. */
  readonly now: number;
};

/**
 * Whether two different pairs of user and client could have the identity of this pair: the text between the two
 * placeholders occurs in one of the names, so `alice:phone` + `x` would be `alice` + `phone:x`.
 */
export function isAmbiguousIdentity(template: string, user: string, client: string): boolean {
  const between = /\{(user|client)\}(.*?)\{(user|client)\}/.exec(template);
  if (!between || between[1] === between[3]) return false;
  const [, first, separator = ""] = between;
  const [before, after] = first === "user" ? [user, client] : [client, user];
  const identity = before + separator + after;
  return identity.indexOf(separator) !== before.length || identity.lastIndexOf(separator) !== before.length;
}

/** The identity that a template gives: `{user}` and `{client}` filled in once; `*` means any identity: undefined. */
export function expectedIdentity(template: string, user: string, client: string): string | undefined {
  if (template === "*") return undefined;
  return template.replace(/\{(user|client)\}/g, (_, name) => (name === "user" ? user : client));
}
