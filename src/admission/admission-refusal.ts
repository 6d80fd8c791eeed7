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
  | "x509_invalid_signature"
  | "x509_untrusted";

export type RefusalCode = AdmissionRefusal["code"];

/** One sentence for a person. It repeats no key, signature or identity. */
export function describeRefusal(refusal: AdmissionRefusal): string {
  switch (refusal.code) {
    case "malformed":
      return refusal.offset === undefined ? refusal.problem : `${refusal.problem}, at byte ${refusal.offset}`;
    case "unsupported_ciphersuite":
      return `ciphersuite ${refusal.ciphersuite} is not accepted by this directory`;
    case "invalid_leaf_node_source_type":
      return "leaf_node_source is not key_package";
    case "invalid_leaf_node_signature":
      return "the signature of the leaf node does not verify";
    case "invalid_protocol_version":
      return `protocol version ${refusal.version} is not mls10`;
    case "init_key_equals_encryption_key":
      return "init_key and encryption_key are the same key";
    case "extension_type_not_valid_in_key_package":
      return `an extension of type ${refusal.extensionType} is not allowed in a KeyPackage`;
    case "invalid_signature":
      return "the signature of the KeyPackage does not verify";
    case "unsupported_extension":
      return `extension type ${refusal.extensionType} of the KeyPackage is not in capabilities.extensions`;
    case "lifetime_expired":
      return `not_after ${refusal.notAfter} has passed at ${refusal.now}`;
    case "lifetime_not_yet_valid":
      return `not_before ${refusal.notBefore} is in the future at ${refusal.now}`;
    case "too_large":
      return `expected at most ${refusal.maxBytes} bytes, got ${refusal.bytes}`;
    case "lifetime_too_long":
      return `expected a total lifetime of 0 to ${refusal.maxSeconds ?? "any number of"} seconds, got ${refusal.seconds}`;
    case "invalid_init_key":
      return `init_key: ${refusal.defect}`;
    case "invalid_encryption_key":
      return `encryption_key: ${refusal.defect}`;
    case "invalid_signature_key":
      return `signature_key: ${refusal.defect}`;
    case "credential_not_in_capabilities":
      return `credential type ${refusal.credentialType} is not in capabilities.credentials`;
    case "ciphersuite_not_in_capabilities":
      return `ciphersuite ${refusal.ciphersuite} is not in capabilities.cipher_suites`;
    case "protocol_version_not_in_capabilities":
      return `protocol version ${refusal.version} is not in capabilities.versions`;
    case "leaf_extension_not_in_capabilities":
      return `extension type ${refusal.extensionType} of the leaf node is not in capabilities.extensions`;
    case "unsupported_credential_type":
      return `credential type ${refusal.credentialType} is not accepted by this directory`;
    case "too_many_capabilities":
      return `expected at most ${refusal.max} code points in capabilities.${refusal.kind}, got ${refusal.count}`;
    case "credential_identity_mismatch":
      return `expected the identity ${JSON.stringify(refusal.expected)}, got ${refusal.got}`;
    case "signature_key_mismatch":
      return "signature_key is not the key that the client registered for this scheme";
    case "x509_malformed":
    case "x509_scheme_mismatch":
    case "x509_key_mismatch":
    case "x509_not_for_signatures":
    case "x509_not_yet_valid":
    case "x509_expired":
    case "x509_unknown_critical_extension":
    case "x509_not_an_authority":
    case "x509_invalid_signature":
    case "x509_untrusted":
      return refusal.problem;
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
  InvalidSignature: "x509_invalid_signature",
  Untrusted: "x509_untrusted",
};

export function refusalOfX509Error(error: X509Error): AdmissionRefusal {
  return { code: X509_CODES[error.code], problem: error.message };
}
