/** Every reason of admission, in words: what was expected and what came. */
import { expect, it } from "vitest";
import { type AdmissionRefusal, describeRefusal, type RefusalCode } from "../../../src/admission/admission-refusal.ts";

const now = 1_800_000_000;

const problem = "the certificate has expired";

const REFUSALS = {
  malformed: { code: "malformed", problem: "expected 2 more bytes, got 1", offset: 7 },
  unsupported_ciphersuite: { code: "unsupported_ciphersuite", ciphersuite: 77 },
  invalid_leaf_node_source_type: { code: "invalid_leaf_node_source_type" },
  invalid_leaf_node_signature: { code: "invalid_leaf_node_signature" },
  invalid_protocol_version: { code: "invalid_protocol_version", version: 2 },
  init_key_equals_encryption_key: { code: "init_key_equals_encryption_key" },
  extension_type_not_valid_in_key_package: { code: "extension_type_not_valid_in_key_package", extensionType: 1 },
  invalid_signature: { code: "invalid_signature" },
  unsupported_extension: { code: "unsupported_extension", extensionType: 10 },
  lifetime_expired: { code: "lifetime_expired", notAfter: 5n, now },
  lifetime_not_yet_valid: { code: "lifetime_not_yet_valid", notBefore: 2n ** 40n, now },
  too_large: { code: "too_large", bytes: 20_000, maxBytes: 16_384 },
  lifetime_too_long: { code: "lifetime_too_long", seconds: 2n ** 60n, maxSeconds: 7_261_200 },
  invalid_init_key: { code: "invalid_init_key", defect: "small order" },
  invalid_encryption_key: { code: "invalid_encryption_key", defect: "wrong length" },
  invalid_signature_key: { code: "invalid_signature_key", defect: "not on the curve" },
  credential_not_in_capabilities: { code: "credential_not_in_capabilities", credentialType: 1 },
  ciphersuite_not_in_capabilities: { code: "ciphersuite_not_in_capabilities", ciphersuite: 1 },
  protocol_version_not_in_capabilities: { code: "protocol_version_not_in_capabilities", version: 1 },
  leaf_extension_not_in_capabilities: { code: "leaf_extension_not_in_capabilities", extensionType: 9 },
  unsupported_credential_type: { code: "unsupported_credential_type", credentialType: 2 },
  too_many_capabilities: { code: "too_many_capabilities", kind: "extensions", count: 129, max: 128 },
  credential_identity_mismatch: { code: "credential_identity_mismatch", expected: "alice", got: '"mallory"' },
  signature_key_mismatch: { code: "signature_key_mismatch" },
  x509_malformed: { code: "x509_malformed", problem },
  x509_scheme_mismatch: { code: "x509_scheme_mismatch", problem },
  x509_key_mismatch: { code: "x509_key_mismatch", problem },
  x509_not_for_signatures: { code: "x509_not_for_signatures", problem },
  x509_not_yet_valid: { code: "x509_not_yet_valid", problem },
  x509_expired: { code: "x509_expired", problem },
  x509_unknown_critical_extension: { code: "x509_unknown_critical_extension", problem },
  x509_not_an_authority: { code: "x509_not_an_authority", problem },
  x509_name_not_permitted: { code: "x509_name_not_permitted", problem },
  x509_weak: { code: "x509_weak", problem },
  x509_invalid_signature: { code: "x509_invalid_signature", problem },
  x509_untrusted: { code: "x509_untrusted", problem },
} as const satisfies { readonly [Code in RefusalCode]: AdmissionRefusal & { readonly code: Code } };

it.each(Object.entries(REFUSALS))("%s is told by what was expected and what came", (_, refusal) => {
  const detail = describeRefusal(refusal);
  expect(detail).toMatch(/^expected .+, got [^\n]+$/);
  // Whatever belongs to the refusal is in its sentence.
  for (const [member, value] of Object.entries(refusal)) if (member !== "code") expect(detail).toContain(String(value));
});
