import type { KeyPackageDecodeError, KeyPackageVerifyError } from "../mls/errors.ts";
import type { PublicKeyDefect } from "../mls/keys/public-keys.ts";
import type { X509Error } from "../mls/x509/x509-verifier.ts";

/** Why a package may not enter, with the data that belongs to it. Times are unix seconds. */
export type AdmissionRefusal =
  // decoding
  | { readonly code: "malformed"; readonly problem: string; readonly offset?: number }
  | { readonly code: "unsupported_ciphersuite"; readonly ciphersuite: number }
  // OpenMLS's KeyPackageIn::validate
  | { readonly code: "invalid_leaf_node_source_type" }
  | { readonly code: "invalid_leaf_node_signature" }
  | { readonly code: "invalid_protocol_version"; readonly version: number }
  | { readonly code: "init_key_equals_encryption_key" }
  | { readonly code: "extension_type_not_valid_in_key_package"; readonly extensionType: number }
  | { readonly code: "invalid_signature" }
  | { readonly code: "unsupported_extension"; readonly extensionType: number }
  | { readonly code: "lifetime_expired"; readonly notAfter: bigint; readonly now: number }
  | { readonly code: "lifetime_not_yet_valid"; readonly notBefore: bigint; readonly now: number }
  // the directory's policy
  | { readonly code: "too_large"; readonly bytes: number; readonly maxBytes: number }
  // Without a maximum, for a lifetime that ends before it begins.
  | { readonly code: "lifetime_too_long"; readonly seconds: bigint; readonly maxSeconds: number | undefined }
  | { readonly code: "invalid_init_key"; readonly defect: PublicKeyDefect }
  | { readonly code: "invalid_encryption_key"; readonly defect: PublicKeyDefect }
  | { readonly code: "invalid_signature_key"; readonly defect: PublicKeyDefect }
  | { readonly code: "credential_not_in_capabilities"; readonly credentialType: number }
  | { readonly code: "ciphersuite_not_in_capabilities"; readonly ciphersuite: number }
  | { readonly code: "protocol_version_not_in_capabilities"; readonly version: number }
  | { readonly code: "leaf_extension_not_in_capabilities"; readonly extensionType: number }
  | { readonly code: "unsupported_credential_type"; readonly credentialType: number }
  | { readonly code: "too_many_capabilities"; readonly kind: string; readonly count: number; readonly max: number }
  | { readonly code: "credential_identity_mismatch"; readonly expected: string; readonly got: string }
  | { readonly code: "signature_key_mismatch" }
  | { readonly code: X509RefusalCode; readonly problem: string };

export type X509RefusalCode =
  | "x509_malformed"
  | "x509_scheme_mismatch"
  | "x509_key_mismatch"
  | "x509_not_for_signatures"
  | "x509_not_yet_valid"
  | "x509_expired"
  | "x509_unknown_critical_extension"
  | "x509_not_an_authority"
  | "x509_name_not_permitted"
  | "x509_weak"
  | "x509_invalid_signature"
  | "x509_untrusted";

export type RefusalCode = AdmissionRefusal["code"];

/** One sentence for a person: what was expected and what came. Of a package it shows an identity, and no key. */
export function describeRefusal(refusal: AdmissionRefusal): string {
  switch (refusal.code) {
    case "malformed": {
      const where = refusal.offset === undefined ? "" : `, at byte ${refusal.offset}`;
      return `expected a KeyPackage, bare or in an MLSMessage, got bytes that are none: ${refusal.problem}${where}`;
    }
    case "unsupported_ciphersuite":
      return `expected a ciphersuite that this directory accepts, got ${refusal.ciphersuite}`;
    case "invalid_leaf_node_source_type":
      return "expected leaf_node_source key_package, got another";
    case "invalid_leaf_node_signature":
      return "expected a signature of the leaf node by its signature_key, got one that does not verify";
    case "invalid_protocol_version":
      return `expected protocol version 1 (mls10), got ${refusal.version}`;
    case "init_key_equals_encryption_key":
      return "expected an init_key and an encryption_key that differ, got one key twice";
    case "extension_type_not_valid_in_key_package":
      return `expected extensions that a KeyPackage may have, got type ${refusal.extensionType}`;
    case "invalid_signature":
      return "expected a signature of the KeyPackage by its signature_key, got one that does not verify";
    case "unsupported_extension":
      return `expected extensions of the KeyPackage that capabilities.extensions lists, got type ${refusal.extensionType}`;
    case "lifetime_expired":
      return `expected a not_after later than ${refusal.now}, got ${refusal.notAfter}`;
    case "lifetime_not_yet_valid":
      return `expected a not_before that is not in the future at ${refusal.now}, got ${refusal.notBefore}`;
    case "too_large":
      return `expected at most ${refusal.maxBytes} bytes, got ${refusal.bytes}`;
    case "lifetime_too_long":
      return `expected a total lifetime of 0 to ${refusal.maxSeconds ?? "any number of"} seconds, got ${refusal.seconds}`;
    case "invalid_init_key":
      return `expected an init_key that is a public key of the ciphersuite, got one with the defect "${refusal.defect}"`;
    case "invalid_encryption_key":
      return `expected an encryption_key that is a public key of the ciphersuite, got one with the defect "${refusal.defect}"`;
    case "invalid_signature_key":
      return `expected a signature_key that is a public key of its scheme, got one with the defect "${refusal.defect}"`;
    case "credential_not_in_capabilities":
      return `expected capabilities.credentials with the credential's type ${refusal.credentialType}, got a list without it`;
    case "ciphersuite_not_in_capabilities":
      return `expected capabilities.cipher_suites with ciphersuite ${refusal.ciphersuite}, got a list without it`;
    case "protocol_version_not_in_capabilities":
      return `expected capabilities.versions with protocol version ${refusal.version}, got a list without it`;
    case "leaf_extension_not_in_capabilities":
      return `expected extensions of the leaf node that capabilities.extensions lists, got type ${refusal.extensionType}`;
    case "unsupported_credential_type":
      return `expected a credential of a type that this directory accepts, got type ${refusal.credentialType}`;
    case "too_many_capabilities":
      return `expected at most ${refusal.max} code points in capabilities.${refusal.kind}, got ${refusal.count}`;
    case "credential_identity_mismatch":
      return `expected the identity ${JSON.stringify(refusal.expected)}, got ${refusal.got}`;
    case "signature_key_mismatch":
      return "expected the signature_key that the client registered for this scheme, got another";
    case "x509_malformed":
    case "x509_scheme_mismatch":
    case "x509_key_mismatch":
    case "x509_not_for_signatures":
    case "x509_not_yet_valid":
    case "x509_expired":
    case "x509_unknown_critical_extension":
    case "x509_not_an_authority":
    case "x509_name_not_permitted":
    case "x509_weak":
    case "x509_invalid_signature":
    case "x509_untrusted":
      return `expected a certificate chain that this directory trusts, got one that it does not: ${refusal.problem}`;
  }
}

export function refusalOfDecodeError(error: KeyPackageDecodeError): AdmissionRefusal {
  return error.code === "UnknownCiphersuite"
    ? { code: "unsupported_ciphersuite", ciphersuite: error.ciphersuite }
    : { code: "malformed", problem: error.message, offset: error.offset };
}

export function refusalOfVerifyError(error: KeyPackageVerifyError): AdmissionRefusal {
  switch (error.code) {
    case "InvalidLeafNodeSourceType":
      return { code: "invalid_leaf_node_source_type" };
    case "InvalidLeafNodeSignature":
      return { code: "invalid_leaf_node_signature" };
    case "InvalidProtocolVersion":
      return { code: "invalid_protocol_version", version: error.version };
    case "InitKeyEqualsEncryptionKey":
      return { code: "init_key_equals_encryption_key" };
    case "ExtensionTypeNotValidInKeyPackage":
      return { code: "extension_type_not_valid_in_key_package", extensionType: error.extensionType };
    case "InvalidSignature":
      return { code: "invalid_signature" };
    case "UnsupportedExtension":
      return { code: "unsupported_extension", extensionType: error.extensionType };
    case "LifetimeError":
      return refusalOfLifetimeError(error.lifetime);
  }
}

export function refusalOfLifetimeError(
  error: Extract<KeyPackageVerifyError, { code: "LifetimeError" }>["lifetime"],
): AdmissionRefusal {
  return error.code === "Expired"
    ? { code: "lifetime_expired", notAfter: error.notAfter, now: error.now }
    : { code: "lifetime_not_yet_valid", notBefore: error.notBefore, now: error.now };
}

const X509_CODES: Readonly<Record<X509Error["code"], X509RefusalCode>> = {
  Malformed: "x509_malformed",
  SchemeMismatch: "x509_scheme_mismatch",
  KeyMismatch: "x509_key_mismatch",
  NotForSignatures: "x509_not_for_signatures",
  NotYetValid: "x509_not_yet_valid",
  Expired: "x509_expired",
  UnknownCriticalExtension: "x509_unknown_critical_extension",
  NotAnAuthority: "x509_not_an_authority",
  NameNotPermitted: "x509_name_not_permitted",
  Weak: "x509_weak",
  InvalidSignature: "x509_invalid_signature",
  Untrusted: "x509_untrusted",
};

export function refusalOfX509Error(error: X509Error): AdmissionRefusal {
  return { code: X509_CODES[error.code], problem: error.message };
}
