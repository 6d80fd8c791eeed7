/**
 * Every check that costs little, in the order of its cost. What passes them all is worth the price of two signatures.
 * Each returns the reason it refuses, or undefined.
 */
import { ciphersuiteInfo } from "../mls/ciphersuite.ts";
import { CredentialType, isDefaultExtensionType, ProtocolVersion } from "../mls/code-points.ts";
import type { KeyPackageIn } from "../mls/key-package-in.ts";
import { hpkePublicKeyDefect, signaturePublicKeyDefect } from "../mls/public-keys.ts";
import type { AdmissionPolicy, Publisher } from "./policy.ts";
import type { Reason, ReasonCode } from "./reasons.ts";

export type Checking = {
  readonly keyPackage: KeyPackageIn;
  readonly policy: AdmissionPolicy;
  readonly publisher: Publisher;
  /** Unix seconds. */
  readonly now: number;
};

type Check = (checking: Checking) => Reason | undefined;

const refuse = (code: ReasonCode, detail: string): Reason => ({ code, detail });

/** The first reason to refuse, or undefined for a package whose signatures are all that is left to check. */
export function firstReason(checking: Checking): Reason | undefined {
  for (const check of CHECKS) {
    const reason = check(checking);
    if (reason) return reason;
  }
  return undefined;
}

/** RFC 9420 §10.1: version and suite are those of the directory; §7.2: the client must list both. */
const versionAndSuite: Check = ({ keyPackage, policy }) => {
  const { protocolVersion, ciphersuite, leafNode } = keyPackage.unverified();
  if (protocolVersion !== ProtocolVersion.Mls10) {
    return refuse("invalid_protocol_version", `version ${protocolVersion} is not mls10`);
  }
  if (!policy.ciphersuites.includes(ciphersuite)) {
    return refuse("unsupported_ciphersuite", `ciphersuite ${ciphersuite} is not accepted here`);
  }
  if (!leafNode.capabilities().versions().includes(ProtocolVersion.Mls10)) {
    return refuse("protocol_version_not_in_capabilities", "capabilities.versions does not list mls10");
  }
  if (!leafNode.capabilities().ciphersuites().includes(ciphersuite)) {
    return refuse("ciphersuite_not_in_capabilities", `capabilities.cipher_suites does not list ${ciphersuite}`);
  }
  return undefined;
};

/** RFC 9420 §7.3. */
const source: Check = ({ keyPackage }) =>
  keyPackage.unverified().leafNode.lifeTime() === undefined
    ? refuse("invalid_leaf_node_source_type", "leaf_node_source is not key_package")
    : undefined;

/** RFC 9420 §10.1. */
const keysDiffer: Check = ({ keyPackage }) => {
  const { initKey, leafNode } = keyPackage.unverified();
  if (!leafNode.encryptionKey().equals(initKey.key())) return undefined;
  return refuse("init_key_equals_encryption_key", "init_key and encryption_key are the same");
};

/** RFC 9420 §7.2, §10: credential type and extension types must be listed; §17.3: where an extension may stand. */
const capabilities: Check = ({ keyPackage }) => {
  const { leafNode, extensions } = keyPackage.unverified();
  const listed = leafNode.capabilities();
  const type = leafNode.credential().credentialType();
  if (!listed.credentials().includes(type)) {
    return refuse("credential_not_in_capabilities", `capabilities.credentials does not list ${type}`);
  }
  const misplaced = extensions.toKeyPackage();
  if (!misplaced.ok) return refuse("extension_type_not_valid_in_key_package", misplaced.error.message);
  const unlisted = keyPackage.unlistedExtensionTypes()[0];
  if (unlisted !== undefined) {
    return refuse("unsupported_extension", `capabilities.extensions does not list ${unlisted} of extensions`);
  }
  const unlistedInLeaf = leafNode
    .extensions()
    .types()
    .find((extension) => !isDefaultExtensionType(extension) && !listed.extensions().includes(extension));
  if (unlistedInLeaf === undefined) return undefined;
  const detail = `capabilities.extensions does not list ${unlistedInLeaf} of leaf_node.extensions`;
  return refuse("leaf_extension_not_in_capabilities", detail);
};

/** RFC 9420 §7.2 (a maximum is mandatory), §7.3. Nothing is forgiven at the end: tombstones last until `not_after`. */
const lifetime: Check = ({ keyPackage, policy, now }) => {
  const range = keyPackage.unverified().leafNode.lifeTime();
  if (range === undefined) return undefined;
  if (range.notAfter <= now) return refuse("lifetime_expired", `not_after ${range.notAfter} is not after ${now}`);
  if (range.notBefore > now + policy.uploadClockSkewSeconds) {
    return refuse("lifetime_not_yet_valid", `not_before ${range.notBefore} is after ${now}`);
  }
  const longest = policy.maxTotalLifetimeSeconds;
  if (longest === undefined || range.notAfter - range.notBefore <= longest) return undefined;
  return refuse("lifetime_too_long", `${range.notAfter - range.notBefore} s is more than ${longest} s`);
};

/** What the publisher may put into its packages: its own identity and its own key. */
const publisher: Check = ({ keyPackage, publisher: { identity, signatureKeys } }) => {
  const { ciphersuite, leafNode } = keyPackage.unverified();
  const credential = leafNode.credential();
  if (credential.credentialType() !== CredentialType.Basic) {
    return refuse("unsupported_credential_type", `credential type ${credential.credentialType()} is not accepted here`);
  }
  if (identity !== undefined && !sameText(credential.serializedContent(), identity)) {
    return refuse("credential_identity_mismatch", "the identity is not the one of this user and client");
  }
  const registered = signatureKeys?.get(ciphersuiteInfo(ciphersuite).signatureScheme);
  if (signatureKeys === undefined || (registered && sameBytes(leafNode.signatureKey().asSlice(), registered)))
    return undefined;
  return refuse("signature_key_mismatch", "signature_key is not the one that the client has registered");
};

/** RFC 9420 §10, §5.1.1: every key is one of its scheme. An adder could do nothing with a package whose are not. */
const publicKeys: Check = ({ keyPackage }) => {
  const { ciphersuite, initKey, leafNode } = keyPackage.unverified();
  const init = hpkePublicKeyDefect(ciphersuite, initKey.asSlice());
  if (init) return refuse("invalid_init_key", init);
  const encryption = hpkePublicKeyDefect(ciphersuite, leafNode.encryptionKey().asSlice());
  if (encryption) return refuse("invalid_encryption_key", encryption);
  const { signatureScheme } = ciphersuiteInfo(ciphersuite);
  const signature = signaturePublicKeyDefect(signatureScheme, leafNode.signatureKey().asSlice());
  return signature && refuse("invalid_signature_key", signature);
};

const CHECKS: readonly Check[] = [versionAndSuite, source, keysDiffer, capabilities, lifetime, publisher, publicKeys];

function sameText(bytes: Uint8Array, text: string): boolean {
  return sameBytes(bytes, new TextEncoder().encode(text));
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
