import type { CiphersuiteInfo } from "../ciphersuite.ts";
import { copyOf } from "../codec/byte-strings.ts";
import type { ProtocolVersion } from "../codec/code-points.ts";
import { Reader } from "../codec/reader.ts";
import type { CredentialWithKey } from "../credentials/credential.ts";
import type { CryptoVerifier, SignatureItem } from "../crypto/provider.ts";
import { encodeSignContent } from "../crypto/sign-content.ts";
import type { DecodeError, KeyPackageDecodeError, KeyPackageVerifyError } from "../errors.ts";
import { InitKey } from "../keys/key-types.ts";
import { Extensions } from "../leaf-node/extensions.ts";
import { LeafNode, unlistedTypes } from "../leaf-node/leaf-node.ts";
import { err, ok, type Result } from "../result.ts";
import { RFC_9420, type SuiteProfile, suiteOf } from "../suite-profile.ts";
import { KeyPackage, type KeyPackageTbs } from "./key-package.ts";
import { isMlsMessage, MLS_MESSAGE_HEADER_BYTES } from "./mls-message.ts";

type Parts = {
  readonly content: KeyPackageTbs<"Received">;
  /** What the number of the suite means in the profile. */
  readonly suite: CiphersuiteInfo;
  readonly signature: Uint8Array;
  /** KeyPackageTBS as received. */
  readonly tbs: Uint8Array;
  /** The whole KeyPackage as received. */
  readonly bytes: Uint8Array;
};

/**
 * A received KeyPackage: well-formed, but not yet checked by `validate`. It holds views of the received bytes, and
 * signatures and references are computed over them: do not change those bytes.
 *
 * The number of its suite means what it means in a profile, by default RFC 9420's; a suite that the profile does not
 * have is refused as `UnknownCiphersuite`.
 */
export class KeyPackageIn {
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** A bare KeyPackage and nothing after it. */
  static tlsDeserializeExact(
    bytes: Uint8Array,
    profile: SuiteProfile = RFC_9420,
  ): Result<KeyPackageIn, KeyPackageDecodeError> {
    const reader = Reader.over(bytes);
    const parts = decodeParts(reader);
    reader.expectEnd();
    return KeyPackageIn.#finish(reader, parts, profile);
  }

  /** A bare KeyPackage and the bytes that follow it. */
  static tlsDeserialize(
    bytes: Uint8Array,
    profile: SuiteProfile = RFC_9420,
  ): Result<{ readonly value: KeyPackageIn; readonly rest: Uint8Array }, KeyPackageDecodeError> {
    const reader = Reader.over(bytes);
    const decoded = KeyPackageIn.#finish(reader, decodeParts(reader), profile);
    return decoded.ok ? ok({ value: decoded.value, rest: bytes.subarray(reader.position) }) : decoded;
  }

  /** Either an MLSMessage(mls_key_package), whose version must be the KeyPackage's (RFC 9420 §10), or a bare one. */
  static fromBytes(bytes: Uint8Array, profile: SuiteProfile = RFC_9420): Result<KeyPackageIn, KeyPackageDecodeError> {
    if (!isMlsMessage(bytes)) return KeyPackageIn.tlsDeserializeExact(bytes, profile);
    if (bytes[0] !== bytes[4] || bytes[1] !== bytes[5]) return err(VERSIONS_DIFFER);
    const decoded = KeyPackageIn.tlsDeserializeExact(bytes.subarray(MLS_MESSAGE_HEADER_BYTES), profile);
    if (decoded.ok || decoded.error.code === "UnknownCiphersuite") return decoded;
    return err({ ...decoded.error, offset: decoded.error.offset + MLS_MESSAGE_HEADER_BYTES });
  }

  /** The credential and signature key of the leaf, not verified. */
  unverifiedCredential(): CredentialWithKey {
    const { leafNode } = this.#parts.content;
    return { credential: leafNode.credential(), signatureKey: leafNode.signatureKey() };
  }

  /** The decoded fields, none of them verified. */
  unverified(): KeyPackageTbs<"Received"> {
    return this.#parts.content;
  }

  /** Its suite: what the number means in the profile. */
  suite(): CiphersuiteInfo {
    return this.#parts.suite;
  }

  /** Whether the KeyPackage is of this version (RFC 9420 §10). */
  versionIsSupported(protocolVersion: ProtocolVersion): boolean {
    return this.#parts.content.protocolVersion === protocolVersion;
  }

  /** The bare KeyPackage as received. */
  tlsSerialize(): Uint8Array {
    return copyOf(this.#parts.bytes);
  }

  /** Its two signatures, for a caller that verifies many packages together (`CryptoProvider.verifyMany`). */
  signatureItems(): { readonly leafNode: SignatureItem; readonly keyPackage: SignatureItem } {
    const { content, tbs, signature } = this.#parts;
    const publicKey = content.leafNode.signatureKey().asSlice();
    return {
      leafNode: {
        publicKey,
        message: encodeSignContent("LeafNodeTBS", content.leafNode.tbs()),
        signature: content.leafNode.signature(),
      },
      keyPackage: { publicKey, message: encodeSignContent("KeyPackageTBS", tbs), signature },
    };
  }

  /**
   * The checks of OpenMLS's `KeyPackageIn::validate` in its order, so that a package with several defects gets the
   * same verdict (RFC 9420 §7.3, §10.1). `now` is unix seconds. The further rules of a directory are not checked here.
   */
  async validate(
    crypto: CryptoVerifier,
    protocolVersion: ProtocolVersion,
    { now }: { readonly now: number },
  ): Promise<Result<KeyPackage, KeyPackageVerifyError>> {
    const { content, suite, signature, bytes } = this.#parts;
    const { leafNode, initKey } = content;
    const scheme = suite.signatureScheme;
    const items = this.signatureItems();

    const lifetime = leafNode.lifeTime();
    if (lifetime === undefined) {
      return err({ code: "InvalidLeafNodeSourceType", message: "Invalid LeafNode source type" });
    }
    if (!(await crypto.verify(scheme, items.leafNode, "openmls"))) {
      return err({ code: "InvalidLeafNodeSignature", message: "The leaf node signature is not valid." });
    }
    if (!this.versionIsSupported(protocolVersion)) {
      const version = content.protocolVersion;
      return err({ code: "InvalidProtocolVersion", message: "The protocol version is not valid.", version });
    }
    if (leafNode.encryptionKey().equals(initKey.key())) {
      const message = "The init key and the encryption key are equal.";
      return err({ code: "InitKeyEqualsEncryptionKey", message });
    }
    const extensions = content.extensions.toKeyPackage();
    if (!extensions.ok) {
      const { extensionType, message } = extensions.error;
      return err({ code: "ExtensionTypeNotValidInKeyPackage", message, extensionType });
    }
    if (!(await crypto.verify(scheme, items.keyPackage, "openmls"))) {
      return err({ code: "InvalidSignature", message: "The key package signature is not valid." });
    }
    const unlisted = this.unlistedExtensionTypes()[0];
    if (unlisted !== undefined) {
      const message = "A key package extension is not supported in the leaf's capabilities.";
      return err({ code: "UnsupportedExtension", message, extensionType: unlisted });
    }
    const valid = lifetime.validate(now);
    if (!valid.ok) return err({ code: "LifetimeError", message: valid.error.message, lifetime: valid.error });

    return ok(new KeyPackage({ tbs: { ...content, extensions: extensions.value }, lifetime, suite, signature, bytes }));
  }

  /**
   * A KeyPackage without any check of signatures or lifetime, for packages from the application's own storage. Fails only
   * where the struct cannot be a KeyPackage's: another leaf source, or an extension that is not allowed in one.
   */
  intoUnchecked(): Result<KeyPackage, DecodeError> {
    const { content, suite, signature, bytes } = this.#parts;
    const lifetime = content.leafNode.lifeTime();
    const extensions = content.extensions.toKeyPackage();
    if (lifetime === undefined || !extensions.ok) {
      const message = extensions.ok ? "Invalid LeafNode source type" : extensions.error.message;
      return err({ code: "DecodingError", message, offset: 0 });
    }
    return ok(new KeyPackage({ tbs: { ...content, extensions: extensions.value }, lifetime, suite, signature, bytes }));
  }

  /** Types of `KeyPackage.extensions`, other than the default ones, that the leaf's capabilities do not list. */
  unlistedExtensionTypes(): number[] {
    const { extensions, leafNode } = this.#parts.content;
    return unlistedTypes(extensions, leafNode);
  }

  static #finish(reader: Reader, raw: RawParts, profile: SuiteProfile): Result<KeyPackageIn, KeyPackageDecodeError> {
    if (reader.failure !== undefined) return err(reader.failure);
    const { ciphersuite } = raw.content;
    const suite = suiteOf(profile, ciphersuite);
    if (suite === undefined) {
      const message = `ciphersuite ${ciphersuite} is not known in the profile ${profile.name}`;
      return err({ code: "UnknownCiphersuite", message, ciphersuite });
    }
    return ok(new KeyPackageIn({ ...raw, suite }));
  }
}

const VERSIONS_DIFFER: DecodeError = {
  code: "DecodingError",
  message: "KeyPackage protocol version does not match MlsMessage version.",
  offset: MLS_MESSAGE_HEADER_BYTES,
};

/** The parts before the check that the suite is known: a malformed package is reported as malformed in any suite. */
type RawParts = Omit<Parts, "suite">;

function decodeParts(reader: Reader): RawParts {
  const start = reader.position;
  const protocolVersion = reader.u16();
  const ciphersuite = reader.u16();
  const initKey = new InitKey(reader.opaque());
  const leafNode = LeafNode.decode(reader);
  const extensions = Extensions.decode(reader, "Received");
  const tbs = reader.slice(start, reader.position);
  const signature = reader.opaque();
  const bytes = reader.slice(start, reader.position);
  return { content: { protocolVersion, ciphersuite, initKey, leafNode, extensions }, signature, tbs, bytes };
}
