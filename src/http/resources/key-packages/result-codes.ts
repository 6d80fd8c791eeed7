/** What may become of one package of a batch. */
import type { RefusalCode } from "../../../admission/admission-refusal.ts";
import type { PublishCode } from "../../../contract/publish-messages.ts";

/**
 * Every code of a result with what it means. `admitted` is this layer's own: nothing is wrong with the package, but the
 * replacement that it belongs to was refused. A code of admission or of the pool that is not here does not compile.
 */
export const RESULT_CODES = {
  stored: "now in stock",
  duplicate: "already in stock",
  admitted: "valid, but the replacement was refused and nothing changed",
  already_claimed: "was already claimed; it is never handed out again",
  already_removed: "was already deleted, replaced, expired or voided",
  before_restore_epoch:
    "its not_before says that it was made before the directory was restored, so it may have been claimed; make a new one",
  init_key_reused: "another package of the user has, or had, the init key",
  encryption_key_reused: "another package of the user has, or had, the encryption key",
  signature_key_mismatch: "its signature key is not the one registered for the scheme",
  last_resort_superseded: "a later last resort in the same request replaced it",
  too_many_capability_sets: "the client's packages list too many different sets of capabilities",
  stock_full: "the stock of the ciphersuite is at its cap",
  malformed: "it cannot be decoded; detail says where",
  unsupported_ciphersuite: "its ciphersuite is not accepted",
  invalid_leaf_node_source_type: "leaf_node_source is not key_package",
  invalid_leaf_node_signature: "the leaf node's signature does not verify",
  invalid_protocol_version: "its version is not mls10",
  init_key_equals_encryption_key: "init key and encryption key are the same",
  extension_type_not_valid_in_key_package: "an extension type is not allowed in this struct",
  invalid_signature: "the package's signature does not verify",
  unsupported_extension: "an extension is not listed in the capabilities",
  lifetime_expired: "not_after has passed",
  lifetime_not_yet_valid: "not_before is in the future",
  too_large: "exceeds the maximum size of a package",
  lifetime_too_long: "its lifetime exceeds the accepted maximum, or ends before it begins",
  invalid_init_key: "init_key is not a valid public key for the ciphersuite",
  invalid_encryption_key: "encryption_key is not a valid public key for the ciphersuite",
  invalid_signature_key: "signature_key is not a valid public key for the signature scheme",
  credential_not_in_capabilities: "the credential's type is not listed in the capabilities",
  ciphersuite_not_in_capabilities: "the ciphersuite is not listed in the capabilities",
  protocol_version_not_in_capabilities: "mls10 is not listed in the capabilities",
  leaf_extension_not_in_capabilities: "an extension of the leaf node is not listed in the capabilities",
  unsupported_credential_type: "the credential's type is not accepted",
  too_many_capabilities: "its capabilities list too many code points of one kind",
  credential_identity_mismatch: "the credential's identity is not the publisher's",
  x509_malformed: "a certificate cannot be decoded, or is none that RFC 5280 allows",
  x509_scheme_mismatch: "the certificate's key is not of the suite's scheme",
  x509_key_mismatch: "the certificate's key is not signature_key",
  x509_not_for_signatures: "the certificate's key may not sign, or is for other purposes",
  x509_not_yet_valid: "a certificate is not valid yet",
  x509_expired: "a certificate has expired",
  x509_unknown_critical_extension: "a certificate has a critical extension that is not understood",
  x509_not_an_authority: "a certificate of the chain may not issue others",
  x509_name_not_permitted: "a certificate has a name that its authority may not give",
  x509_weak: "a certificate is signed with a weak hash or key",
  x509_invalid_signature: "a certificate's signature does not verify",
  x509_untrusted: "the chain does not end at a trusted anchor",
} as const satisfies Record<RefusalCode | PublishCode | "admitted", string>;

export type ResultCode = keyof typeof RESULT_CODES;

export const resultCodes = Object.keys(RESULT_CODES) as [ResultCode, ...ResultCode[]];

/** The codes and their meanings as text, for the description of the API. */
export const resultCodesText = (): string =>
  Object.entries(RESULT_CODES)
    .map(([code, meaning]) => `\`${code}\`: ${meaning}`)
    .join("; ");
