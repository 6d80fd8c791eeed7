/** Why a package may not enter the directory: stable codes, and how the library's errors become them. */
import type { KeyPackageDecodeError, KeyPackageVerifyError } from "../mls/errors.ts";

/** OpenMLS's refusals, those of decoding, and those of the directory's policy. x509 codes begin with `x509_`. */
export type ReasonCode =
  | "malformed"
  | "unsupported_ciphersuite"
  | "invalid_leaf_node_source_type"
  | "invalid_leaf_node_signature"
  | "invalid_protocol_version"
  | "init_key_equals_encryption_key"
  | "extension_type_not_valid_in_key_package"
  | "invalid_signature"
  | "unsupported_extension"
  | "lifetime_expired"
  | "lifetime_not_yet_valid"
  | "too_large"
  | "lifetime_too_long"
  | "invalid_init_key"
  | "invalid_encryption_key"
  | "invalid_signature_key"
  | "signature_key_mismatch"
  | "credential_not_in_capabilities"
  | "ciphersuite_not_in_capabilities"
  | "protocol_version_not_in_capabilities"
  | "leaf_extension_not_in_capabilities"
  | "unsupported_credential_type"
  | "credential_identity_mismatch";

/** A refusal: the code for programs, the detail for people. The detail never holds key material. */
export type Reason = { readonly code: ReasonCode; readonly detail: string };

/** The refusal of a package that could not be decoded. */
export function decodeReason(error: KeyPackageDecodeError): Reason {
  if (error.code === "UnknownCiphersuite") return { code: "unsupported_ciphersuite", detail: error.message };
  return { code: "malformed", detail: `${error.code}: ${error.message} (at byte ${error.offset})` };
}

/** The refusal of a package that the library's own validation turned down. */
export function verifyReason(error: KeyPackageVerifyError): Reason {
  return { code: verifyCode(error), detail: error.message };
}

/** A variant without a code does not compile. */
function verifyCode(error: KeyPackageVerifyError): ReasonCode {
  switch (error.code) {
    case "InvalidLeafNodeSourceType":
      return "invalid_leaf_node_source_type";
    case "InvalidLeafNodeSignature":
      return "invalid_leaf_node_signature";
    case "InvalidProtocolVersion":
      return "invalid_protocol_version";
    case "InitKeyEqualsEncryptionKey":
      return "init_key_equals_encryption_key";
    case "ExtensionTypeNotValidInKeyPackage":
      return "extension_type_not_valid_in_key_package";
    case "InvalidSignature":
      return "invalid_signature";
    case "UnsupportedExtension":
      return "unsupported_extension";
    case "LifetimeError":
      return error.lifetime.code === "Expired" ? "lifetime_expired" : "lifetime_not_yet_valid";
  }
}
