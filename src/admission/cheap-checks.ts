import type { CiphersuiteInfo } from "../mls/ciphersuite.ts";
import { equalBytes, toHex } from "../mls/codec/byte-strings.ts";
import { CredentialType, isGrease } from "../mls/codec/code-points.ts";
import { counted } from "../mls/codec/counted.ts";
import type { KeyPackageIn } from "../mls/key-package/key-package-in.ts";
import { canonicalHpkePublicKey } from "../mls/keys/public-keys.ts";
import type { Capabilities } from "../mls/leaf-node/capabilities.ts";
import { isValidIn } from "../mls/leaf-node/extensions.ts";
import { type LeafNode, unlistedTypes } from "../mls/leaf-node/leaf-node.ts";
import type { Lifetime } from "../mls/leaf-node/lifetime.ts";
import { type AdmissionRefusal, refusalOfLifetimeError } from "./admission-refusal.ts";
import { type AdmissionContext, type AdmissionPolicy, MAX_CAPABILITIES_PER_KIND } from "./policy.ts";

/**
 * All checks without curve arithmetic, cheapest first (RFC 9420 §7.2, §7.3, §10, §10.1, §13). Returns the first refusal,
 * or undefined.
 */
export function cheapRefusal(received: KeyPackageIn, context: AdmissionContext): AdmissionRefusal | undefined {
  const { initKey, leafNode, extensions } = received.unverified();
  const { policy } = context;
  const lifetime = leafNode.lifeTime();

  const misplaced = extensions.types().find((type) => !isValidIn("KeyPackage", type));
  if (misplaced !== undefined) {
    return { code: "extension_type_not_valid_in_key_package", extensionType: misplaced };
  }
  if ((extensions.lastResortComponent()?.length ?? 0) > 0) {
    return { code: "malformed", problem: "expected a last resort component without data in the KeyPackage" };
  }
  if (lifetime === undefined) return { code: "invalid_leaf_node_source_type" };

  return (
    keyRefusal(initKey.asSlice(), leafNode, received.suite(), context) ??
    capabilityRefusal(received, policy) ??
    credentialRefusal(leafNode, context) ??
    lifetimeRefusal(lifetime, context)
  );
}

function keyRefusal(
  initKey: Uint8Array,
  leafNode: LeafNode,
  info: CiphersuiteInfo,
  { publisher }: AdmissionContext,
): AdmissionRefusal | undefined {
  const encryptionKey = leafNode.encryptionKey().asSlice();
  const signatureKey = leafNode.signatureKey().asSlice();
  const defect = "wrong length";
  if (initKey.length !== info.kemPublicKeyBytes) return { code: "invalid_init_key", defect };
  if (encryptionKey.length !== info.kemPublicKeyBytes) return { code: "invalid_encryption_key", defect };
  if (equalBytes(canonicalHpkePublicKey(info, initKey), canonicalHpkePublicKey(info, encryptionKey)))
    return { code: "init_key_equals_encryption_key" };
  if (signatureKey.length !== info.signaturePublicKeyBytes) {
    const compressed = signatureKey.length === (info.signaturePublicKeyBytes + 1) / 2 && (signatureKey[0] ?? 0) < 4;
    return { code: "invalid_signature_key", defect: compressed ? "compressed point" : defect };
  }
  if (publisher.signatureKeys !== undefined) {
    const registered = publisher.signatureKeys.get(info.signatureScheme);
    if (registered === undefined || !equalBytes(registered, signatureKey)) return { code: "signature_key_mismatch" };
  }
  return undefined;
}

function capabilityRefusal(received: KeyPackageIn, policy: AdmissionPolicy): AdmissionRefusal | undefined {
  const { protocolVersion, ciphersuite, leafNode } = received.unverified();
  const capabilities = leafNode.capabilities();
  for (const [kind, count] of countsOf(capabilities)) {
    if (count > MAX_CAPABILITIES_PER_KIND) {
      return { code: "too_many_capabilities", kind, count, max: MAX_CAPABILITIES_PER_KIND };
    }
  }
  if (!capabilities.versions().includes(protocolVersion)) {
    return { code: "protocol_version_not_in_capabilities", version: protocolVersion };
  }
  if (!capabilities.ciphersuites().includes(ciphersuite)) {
    return { code: "ciphersuite_not_in_capabilities", ciphersuite };
  }
  const credentialType = leafNode.credential().credentialType();
  if (!capabilities.credentials().includes(credentialType)) {
    return { code: "credential_not_in_capabilities", credentialType };
  }
  const tolerated = policy.tolerateUnlistedGreaseKeyPackageExtensions ?? false;
  const unlisted = received.unlistedExtensionTypes().find((type) => !(tolerated && isGrease(type)));
  if (unlisted !== undefined) return { code: "unsupported_extension", extensionType: unlisted };
  const leafUnlisted = unlistedTypes(leafNode.extensions(), leafNode)[0];
  if (leafUnlisted !== undefined) return { code: "leaf_extension_not_in_capabilities", extensionType: leafUnlisted };
  return undefined;
}

/** How many code points of each kind are listed (RFC 9420 §7.2). */
export const countsOf = (capabilities: Capabilities): readonly (readonly [kind: string, count: number])[] => [
  ["versions", capabilities.versions().length],
  ["cipher_suites", capabilities.ciphersuites().length],
  ["extensions", capabilities.extensions().length],
  ["proposals", capabilities.proposals().length],
  ["credentials", capabilities.credentials().length],
];

/** An x509 credential is left to its verifier, which runs last: it costs more than a signature. */
function credentialRefusal(leafNode: LeafNode, { policy, publisher }: AdmissionContext): AdmissionRefusal | undefined {
  const credential = leafNode.credential();
  const credentialType = credential.credentialType();
  if (credentialType === CredentialType.X509 && policy.x509 !== undefined) return undefined;
  if (credentialType !== CredentialType.Basic) return { code: "unsupported_credential_type", credentialType };
  const { identity } = publisher;
  const content = credential.serializedContent();
  if (identity !== undefined && !equalBytes(content, new TextEncoder().encode(identity))) {
    return { code: "credential_identity_mismatch", expected: identity, got: shownIdentity(content) };
  }
  return undefined;
}

const MAX_SHOWN_BYTES = 256;

/** An identity as text, or in hex where it is none; only so much of it. */
function shownIdentity(content: Uint8Array): string {
  const shown = content.subarray(0, MAX_SHOWN_BYTES);
  const more = content.length > shown.length ? ` and ${counted(content.length - shown.length, "more byte")}` : "";
  try {
    return JSON.stringify(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(shown)) + more;
  } catch {
    return `the bytes ${toHex(shown)}${more}`;
  }
}

/** `not_before` is allowed some clock skew, `not_after` none. */
function lifetimeRefusal(lifetime: Lifetime, { now, policy }: AdmissionContext): AdmissionRefusal | undefined {
  const valid = lifetime.validate(now);
  if (!valid.ok) {
    const ahead = valid.error.code === "NotValidYet" && lifetime.notBefore <= now + policy.uploadClockSkewSeconds;
    if (!ahead) return refusalOfLifetimeError(valid.error);
  }
  const maxSeconds = policy.maxTotalLifetimeSeconds;
  const seconds = lifetime.notAfter - lifetime.notBefore;
  // The skew lets a lifetime in the future through, which may be reversed.
  if (seconds < 0n || (maxSeconds !== undefined && seconds > maxSeconds)) {
    return { code: "lifetime_too_long", seconds, maxSeconds };
  }
  return undefined;
}
