import { type CiphersuiteInfo, ciphersuiteInfo, type Suite } from "../ciphersuite.ts";
import { copyOf } from "../codec/byte-strings.ts";
import { isDefaultExtensionType, ProtocolVersion } from "../codec/code-points.ts";
import { Writer } from "../codec/writer.ts";
import type { CredentialWithKey } from "../credentials/credential.ts";
import type { CryptoProvider, CryptoVerifier } from "../crypto/provider.ts";
import { encodeSignContent, type SignatureLabel } from "../crypto/sign-content.ts";
import type { KeyPackageExtensionSupportError, KeyPackageNewError } from "../errors.ts";
import { HpkePrivateKey, HpkePublicKey, InitKey } from "../keys/key-types.ts";
import type { Signer } from "../keys/signer.ts";
import { Capabilities } from "../leaf-node/capabilities.ts";
import { Extensions, type LastResortEncoding, type Placement, withLastResort } from "../leaf-node/extensions.ts";
import { encodeLeafNodeTbs, LeafNode, type LeafNodeFields } from "../leaf-node/leaf-node.ts";
import { Lifetime } from "../leaf-node/lifetime.ts";
import { err, ok, type Result } from "../result.ts";
import { type KeyPackageRef, makeKeyPackageRef } from "./key-package-ref.ts";
import { encodeMlsMessage } from "./mls-message.ts";

/**
 * ```
 * struct { ProtocolVersion version;  CipherSuite cipher_suite;  HPKEPublicKey init_key;
 *          LeafNode leaf_node;  Extension extensions<V>; } KeyPackageTBS;   // RFC 9420 §10
 * ```
 * The signed part of a KeyPackage.
 */
export type KeyPackageTbs<P extends Placement | "Received" = "KeyPackage"> = {
  /** Any number before validation, 1 after it. */
  readonly protocolVersion: number;
  /** What it means, a profile says: see `KeyPackage.suite`. */
  readonly ciphersuite: number;
  readonly initKey: InitKey;
  readonly leafNode: LeafNode;
  readonly extensions: Extensions<P>;
};

/** The bytes that the signature of a KeyPackage covers (RFC 9420 §10). */
export function encodeKeyPackageTbs(tbs: KeyPackageTbs<Placement>): Uint8Array {
  const writer = new Writer().u16(tbs.protocolVersion).u16(tbs.ciphersuite).opaque(tbs.initKey.asSlice());
  tbs.leafNode.encode(writer);
  tbs.extensions.encode(writer);
  return writer.finish();
}

/** The decoded content of a KeyPackage, its signature, and the bytes of both. */
export type KeyPackageParts = {
  readonly tbs: KeyPackageTbs;
  readonly suite: CiphersuiteInfo;
  readonly lifetime: Lifetime;
  readonly signature: Uint8Array;
  /** The encoded KeyPackage, as received or as built. */
  readonly bytes: Uint8Array;
};

/**
 * ```
 * struct { KeyPackageTBS;  opaque signature<V>; } KeyPackage;   // RFC 9420 §10
 * ```
 * A KeyPackage that was validated (`KeyPackageIn.validate`) or built here (`KeyPackage.builder()`). It keeps the bytes
 * as received or built, so that its reference does not depend on encoding it again.
 */
export class KeyPackage {
  readonly #parts: KeyPackageParts;

  /** For the library itself: the caller vouches for the parts. */
  constructor(parts: KeyPackageParts) {
    this.#parts = parts;
  }

  /** Starts to build one: see `KeyPackageBuilder`. */
  static builder(): KeyPackageBuilder {
    return new KeyPackageBuilder();
  }

  /** Makes one; everything but whose it is, the cryptography and the time has a default. Errors as `KeyPackageBuilder.build`. */
  static create({
    identity,
    crypto,
    now,
    ...options
  }: CreateOptions): Promise<Result<KeyPackageBundle, KeyPackageNewError>> {
    let builder = KeyPackage.builder();
    if (options.lifetime) builder = builder.keyPackageLifetime(options.lifetime);
    if (options.capabilities) builder = builder.leafNodeCapabilities(options.capabilities);
    if (options.extensions) builder = builder.keyPackageExtensions(options.extensions);
    if (options.leafNodeExtensions) builder = builder.leafNodeExtensions(options.leafNodeExtensions);
    if (options.lastResort) builder = builder.markAsLastResort(options.lastResortEncoding);
    const provider = { crypto, storage: options.storage ?? NOWHERE, now: () => now };
    return builder.build(identity.ciphersuite, provider, identity.signer, identity);
  }

  /** The bare KeyPackage: a copy. */
  get bytes(): Uint8Array {
    return this.tlsSerialize();
  }

  /** The signed part. */
  tbs(): KeyPackageTbs {
    return this.#parts.tbs;
  }

  /** `cipher_suite`: a number, of which `suite` says what it means. */
  ciphersuite(): number {
    return this.#parts.tbs.ciphersuite;
  }

  /** The suite: what its number means in the profile under which the package was decoded or built. */
  suite(): CiphersuiteInfo {
    return this.#parts.suite;
  }

  /** `leaf_node`: the leaf of the client in any group that it is added to. */
  leafNode(): LeafNode {
    return this.#parts.tbs.leafNode;
  }

  /** `init_key`: the key that a Welcome is encrypted to. */
  hpkeInitKey(): InitKey {
    return this.#parts.tbs.initKey;
  }

  /** `extensions` of the KeyPackage, not those of its leaf. */
  extensions(): Extensions<"KeyPackage"> {
    return this.#parts.tbs.extensions;
  }

  /** `leaf_node.lifetime` (RFC 9420 §7.2). */
  lifeTime(): Lifetime {
    return this.#parts.lifetime;
  }

  /** Over `tbs`, by the leaf's signature key. */
  signature(): Uint8Array {
    return this.#parts.signature;
  }

  /** Whether it may be used more than once: either encoding of draft-ietf-mls-extensions. */
  lastResort(): boolean {
    return this.#parts.tbs.extensions.lastResort();
  }

  /** KeyPackageRef, RFC 9420 §5.2. */
  hashRef(crypto: CryptoVerifier): Promise<KeyPackageRef> {
    return makeKeyPackageRef(crypto, this.suite(), this.#parts.bytes);
  }

  /** As in OpenMLS: every required type must be in `KeyPackage.extensions`; the capabilities are not checked. */
  checkExtensionSupport(required: Iterable<number>): Result<void, KeyPackageExtensionSupportError> {
    for (const extensionType of required) {
      if (!this.extensions().contains(extensionType)) {
        const message = "The key package does not support all required extensions.";
        return err({ code: "UnsupportedExtension", message, extensionType });
      }
    }
    return ok(undefined);
  }

  /** The bare KeyPackage. */
  tlsSerialize(): Uint8Array {
    return copyOf(this.#parts.bytes);
  }

  /** The KeyPackage in an MLSMessage, the content of `message/mls` (RFC 9420 §6, §17.10). */
  toMlsMessage(): Uint8Array {
    return encodeMlsMessage(this.#parts.bytes);
  }
}

// ---- with its private keys ----------------------------------------------------------------------

/** A KeyPackage and its private keys. Logging or `JSON.stringify` does not reveal them. */
export class KeyPackageBundle {
  readonly #keyPackage: KeyPackage;
  readonly #initPrivateKey: HpkePrivateKey;
  readonly #encryptionPrivateKey: HpkePrivateKey;

  constructor(keyPackage: KeyPackage, initPrivateKey: HpkePrivateKey, encryptionPrivateKey: HpkePrivateKey) {
    this.#keyPackage = keyPackage;
    this.#initPrivateKey = initPrivateKey;
    this.#encryptionPrivateKey = encryptionPrivateKey;
  }

  /** The public part, to be published. */
  keyPackage(): KeyPackage {
    return this.#keyPackage;
  }

  /** Opens the Welcome. */
  initPrivateKey(): HpkePrivateKey {
    return this.#initPrivateKey;
  }

  /** The private key of the leaf's encryption key. */
  encryptionPrivateKey(): HpkePrivateKey {
    return this.#encryptionPrivateKey;
  }

  /** Overwrites both private keys, once the package was used or given up. Copies that the application made stay. */
  wipe(): void {
    this.#initPrivateKey.wipe();
    this.#encryptionPrivateKey.wipe();
  }

  /** Never the secrets. */
  toString(): string {
    return "KeyPackageBundle(secret)";
  }

  /** Never the secrets. */
  toJSON(): string {
    return this.toString();
  }
}

/**
 * Where an application keeps its bundles until a Welcome refers to one. Bundles hold private keys: protect them
 * accordingly. A rejection is a fault of the storage.
 */
export type KeyPackageStorage = {
  writeKeyPackage(ref: KeyPackageRef, bundle: KeyPackageBundle): Promise<void>;
  readKeyPackage(ref: KeyPackageRef): Promise<KeyPackageBundle | undefined>;
  /** Call it after the one use of the package (RFC 9420 §16.8). An unknown reference is not an error. */
  deleteKeyPackage(ref: KeyPackageRef): Promise<void>;
};

// ---- building -----------------------------------------------------------------------------------

/** What a client needs to make KeyPackages. */
export type KeyPackageProvider = {
  readonly crypto: CryptoProvider;
  readonly storage: KeyPackageStorage;
  /** Unix seconds, for the default lifetime. */
  readonly now: () => number;
};

/** What `KeyPackage.create` takes. */
export type CreateOptions = {
  /** Whose package it is, and of which suite. */
  readonly identity: CredentialWithKey & { readonly ciphersuite: Suite; readonly signer: Signer };
  readonly crypto: CryptoProvider;
  /** Unix seconds, from which the default lifetime counts. */
  readonly now: number;
  readonly lifetime?: Lifetime;
  readonly lastResort?: boolean;
  /** How it is marked as a last resort; by default as an extension. */
  readonly lastResortEncoding?: LastResortEncoding | undefined;
  readonly capabilities?: Capabilities | undefined;
  readonly extensions?: Extensions<"KeyPackage">;
  readonly leafNodeExtensions?: Extensions<"LeafNode">;
  /** Where the bundle is written. Without one the private keys are in the result alone. */
  readonly storage?: KeyPackageStorage;
};

const NOWHERE: KeyPackageStorage = {
  writeKeyPackage: async () => undefined,
  readKeyPackage: async () => undefined,
  deleteKeyPackage: async () => undefined,
};

/** What a `KeyPackageBuilder` was told so far. */
export type KeyPackageSettings = {
  readonly lifetime?: Lifetime;
  readonly extensions: Extensions<"KeyPackage">;
  readonly leafNodeExtensions: Extensions<"LeafNode">;
  readonly capabilities: Capabilities;
  readonly lastResort?: LastResortEncoding;
};

function defaultSettings(): KeyPackageSettings {
  return {
    extensions: Extensions.empty("KeyPackage"),
    leafNodeExtensions: Extensions.empty("LeafNode"),
    capabilities: new Capabilities(),
  };
}

/**
 * Makes KeyPackages (RFC 9420 §10). Every setter returns a new builder. A builder can build any number of packages,
 * each with fresh keys.
 *
 * What it builds passes `KeyPackageIn.validate` within its lifetime: unlike in OpenMLS, everything that the KeyPackage
 * uses is added to the capabilities: its version, suite, credential type and extension types (RFC 9420 §7.2).
 */
export class KeyPackageBuilder {
  readonly #settings: KeyPackageSettings;

  /** For `KeyPackage.builder()`. */
  constructor(settings: KeyPackageSettings = defaultSettings()) {
    this.#settings = settings;
  }

  /** Default: `Lifetime.default`, 84 days from now and an hour before. */
  keyPackageLifetime(lifetime: Lifetime): KeyPackageBuilder {
    return this.#with({ lifetime });
  }

  /** Extensions of the KeyPackage; their types are added to the capabilities. */
  keyPackageExtensions(extensions: Extensions<"KeyPackage">): KeyPackageBuilder {
    return this.#with({ extensions });
  }

  /** Marks the KeyPackage as a last resort: it may be used more than once when no other is left. */
  markAsLastResort(encoding: LastResortEncoding = "extension"): KeyPackageBuilder {
    return this.#with({ lastResort: encoding });
  }

  /** What else the client supports. Default: `new Capabilities()`, as in OpenMLS. */
  leafNodeCapabilities(capabilities: Capabilities): KeyPackageBuilder {
    return this.#with({ capabilities });
  }

  /** Extensions of the leaf node; their types are added to the capabilities. */
  leafNodeExtensions(leafNodeExtensions: Extensions<"LeafNode">): KeyPackageBuilder {
    return this.#with({ leafNodeExtensions });
  }

  /**
   * A package of a suite of RFC 9420, by its number, or of any suite, by its parts (`suiteOf` a profile).
   * Makes the key pairs, signs leaf and package, and writes the bundle to the storage under its reference.
   *
   * Errors: `CiphersuiteSignatureSchemeMismatch`, `UnsupportedCiphersuite`; `LibraryError` when the crypto provider
   * cannot make key pairs or hash; `SignatureError` when the signer rejects or its signature does not verify with the
   * key of `credentialWithKey`; `StorageError`.
   */
  async build(
    suite: Suite,
    provider: KeyPackageProvider,
    signer: Signer,
    credentialWithKey: CredentialWithKey,
  ): Promise<Result<KeyPackageBundle, KeyPackageNewError>> {
    const info = ciphersuiteInfo(suite);
    if (signer.signatureScheme !== info.signatureScheme) {
      const message = "The ciphersuite does not match the signature scheme.";
      return err({ code: "CiphersuiteSignatureSchemeMismatch", message });
    }
    if (!provider.crypto.supports(info, "make")) {
      const message = `Ciphersuite ${info.name} is not supported by the crypto provider.`;
      return err({ code: "UnsupportedCiphersuite", message, ciphersuite: info.ciphersuite });
    }
    try {
      const bundle = await this.#sign(info, provider, signer, credentialWithKey);
      if (!bundle.ok) return bundle;
      const ref = await bundle.value.keyPackage().hashRef(provider.crypto);
      return await store(provider.storage, ref, bundle.value);
    } catch (cause) {
      return err({ code: "LibraryError", message: "An unexpected error in the crypto provider.", cause });
    }
  }

  async #sign(
    info: CiphersuiteInfo,
    { crypto, now }: KeyPackageProvider,
    signer: Signer,
    { credential, signatureKey }: CredentialWithKey,
  ): Promise<Result<KeyPackageBundle, KeyPackageNewError>> {
    const { ciphersuite } = info;
    const init = await crypto.deriveKeyPair(info, crypto.random(info.hashBytes));
    const encryption = await crypto.deriveKeyPair(info, crypto.random(info.hashBytes));
    const { leafNodeExtensions, lastResort, lifetime = Lifetime.default(now()) } = this.#settings;
    const extensions =
      lastResort === undefined ? this.#settings.extensions : withLastResort(this.#settings.extensions, lastResort);
    const fields: LeafNodeFields = {
      encryptionKey: new HpkePublicKey(encryption.publicKey),
      signatureKey,
      credential,
      capabilities: this.#settings.capabilities.including({
        versions: [ProtocolVersion.Mls10],
        ciphersuites: [ciphersuite],
        credentials: [credential.credentialType()],
        extensions: [...extensions.types(), ...leafNodeExtensions.types()].filter((t) => !isDefaultExtensionType(t)),
      }),
      source: { kind: "key_package", lifetime },
      extensions: leafNodeExtensions,
    };

    const sign = async (label: SignatureLabel, tbs: Uint8Array): Promise<Uint8Array> => {
      const message = encodeSignContent(label, tbs);
      const signature = await signer.sign(message);
      const item = { publicKey: signatureKey.asSlice(), message, signature };
      if (!(await crypto.verify(info.signatureScheme, item, "strict")))
        throw new Error("Signature verification failed.");
      return signature;
    };
    try {
      const leafNode = LeafNode.signed(fields, await sign("LeafNodeTBS", encodeLeafNodeTbs(fields)));
      const initKey = new InitKey(init.publicKey);
      const content = { protocolVersion: ProtocolVersion.Mls10, ciphersuite, initKey, leafNode, extensions };
      const tbs = encodeKeyPackageTbs(content);
      const signature = await sign("KeyPackageTBS", tbs);
      const bytes = new Writer().raw(tbs).opaque(signature).finish();
      const keyPackage = new KeyPackage({ tbs: content, suite: info, lifetime, signature, bytes });
      const initPrivateKey = new HpkePrivateKey(init.privateKey);
      return ok(new KeyPackageBundle(keyPackage, initPrivateKey, new HpkePrivateKey(encryption.privateKey)));
    } catch (cause) {
      return err({ code: "SignatureError", message: "Signature generation failed.", cause });
    }
  }

  #with(change: Partial<KeyPackageSettings>): KeyPackageBuilder {
    return new KeyPackageBuilder({ ...this.#settings, ...change });
  }
}

async function store(
  storage: KeyPackageStorage,
  ref: KeyPackageRef,
  bundle: KeyPackageBundle,
): Promise<Result<KeyPackageBundle, KeyPackageNewError>> {
  try {
    await storage.writeKeyPackage(ref, bundle);
    return ok(bundle);
  } catch (cause) {
    return err({ code: "StorageError", message: "Accessing storage failed.", cause });
  }
}
