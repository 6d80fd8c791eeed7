/** What is in a KeyPackage, as plain values that print and serialise; nothing in it is verified. */

import { copyOf } from "../codec/byte-strings.ts";
import { CredentialType } from "../codec/code-points.ts";
import type { KeyPackageDecodeError } from "../errors.ts";
import { KeyPackageIn } from "../key-package/key-package-in.ts";
import { isMlsMessage } from "../key-package/mls-message.ts";
import type { Extension } from "../leaf-node/extensions.ts";
import { ok, type Result } from "../result.ts";
import { RFC_9420, type SuiteProfile } from "../suite-profile.ts";

/** Bytes are copies. Times are unix seconds, as 64-bit numbers. */
export type InspectedKeyPackage = {
  readonly encoding: "mls_message" | "key_package";
  readonly version: number;
  readonly ciphersuite: { readonly value: number; readonly name: string };
  readonly initKey: Uint8Array;
  readonly leafNode: {
    readonly encryptionKey: Uint8Array;
    readonly signatureKey: Uint8Array;
    /** `identity`: that of a basic credential; undefined for any other type. */
    readonly credential: { readonly type: number; readonly identity: Uint8Array | undefined };
    readonly capabilities: {
      readonly versions: readonly number[];
      readonly ciphersuites: readonly number[];
      readonly extensions: readonly number[];
      readonly proposals: readonly number[];
      readonly credentials: readonly number[];
    };
    /** Undefined in a leaf that is not of a KeyPackage. */
    readonly lifetime: { readonly notBefore: bigint; readonly notAfter: bigint } | undefined;
    readonly extensions: readonly Extension[];
    readonly signature: Uint8Array;
  };
  readonly extensions: readonly Extension[];
  readonly lastResort: boolean;
};

/** Decodes a KeyPackage, bare or in an MLSMessage, and shows its fields (RFC 9420 §7.2, §10). */
export function inspectKeyPackage(
  bytes: Uint8Array,
  profile: SuiteProfile = RFC_9420,
): Result<InspectedKeyPackage, KeyPackageDecodeError> {
  const decoded = KeyPackageIn.fromBytes(bytes, profile);
  if (!decoded.ok) return decoded;
  const { protocolVersion, ciphersuite, initKey, leafNode, extensions } = decoded.value.unverified();
  const credential = leafNode.credential();
  const capabilities = leafNode.capabilities();
  const lifetime = leafNode.lifeTime();
  const isBasic = credential.credentialType() === CredentialType.Basic;
  return ok({
    encoding: isMlsMessage(bytes) ? "mls_message" : "key_package",
    version: protocolVersion,
    ciphersuite: { value: ciphersuite, name: decoded.value.suite().name },
    initKey: copyOf(initKey.asSlice()),
    leafNode: {
      encryptionKey: copyOf(leafNode.encryptionKey().asSlice()),
      signatureKey: copyOf(leafNode.signatureKey().asSlice()),
      credential: {
        type: credential.credentialType(),
        identity: isBasic ? copyOf(credential.serializedContent()) : undefined,
      },
      capabilities: {
        versions: [...capabilities.versions()],
        ciphersuites: [...capabilities.ciphersuites()],
        extensions: [...capabilities.extensions()],
        proposals: [...capabilities.proposals()],
        credentials: [...capabilities.credentials()],
      },
      lifetime: lifetime && { notBefore: lifetime.notBefore, notAfter: lifetime.notAfter },
      extensions: [...leafNode.extensions()],
      signature: copyOf(leafNode.signature()),
    },
    extensions: [...extensions],
    lastResort: extensions.lastResort(),
  });
}
