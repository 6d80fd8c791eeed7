import { type Ciphersuite, type CiphersuiteInfo, ciphersuiteInfo } from "../ciphersuite.ts";
import {
  ExtensionType,
  isDefaultExtensionType,
  LAST_RESORT_COMPONENT_ID,
  ProtocolVersion,
} from "../codec/code-points.ts";
import { Writer } from "../codec/writer.ts";
import type { CredentialWithKey } from "../credentials/credential-with-key.ts";
import type { CryptoProvider } from "../crypto/provider.ts";
import { encodeSignContent, type SignatureLabel } from "../crypto/sign-content.ts";
import type { KeyPackageNewError } from "../errors.ts";
import { HpkePrivateKey } from "../keys/hpke-private-key.ts";
import { HpkePublicKey } from "../keys/hpke-public-key.ts";
import { InitKey } from "../keys/init-key.ts";
import type { Signer } from "../keys/signer.ts";
import { AppDataDictionary } from "../leaf-node/app-data-dictionary.ts";
import { Capabilities } from "../leaf-node/capabilities.ts";
import type { Extension } from "../leaf-node/extension.ts";
import { Extensions } from "../leaf-node/extensions.ts";
import { encodeLeafNodeTbs, LeafNode, type LeafNodeFields } from "../leaf-node/leaf-node.ts";
import { Lifetime } from "../leaf-node/lifetime.ts";
import { err, ok, type Result } from "../result.ts";
import type { KeyPackage } from "./key-package.ts";
import { KeyPackageBundle } from "./key-package-bundle.ts";
import type { KeyPackageParts } from "./key-package-parts.ts";
import type { KeyPackageStorage } from "./key-package-storage.ts";
import { encodeKeyPackageTbs } from "./key-package-tbs.ts";

/** What a client needs to make KeyPackages. */
export type KeyPackageProvider = {
  readonly crypto: CryptoProvider;
  readonly storage: KeyPackageStorage;
  /** Unix seconds, for the default lifetime. */
  readonly now: () => number;
};

/**
 * Which encoding of draft-ietf-mls-extensions marks a last resort: extension 0x000A, which deployed implementations
 * know, or component 0x0004 of the app_data_dictionary, which later versions of the draft have instead.
 */
export type LastResortEncoding = "extension" | "component";

type Settings = {
  readonly lifetime?: Lifetime;
  readonly extensions: Extensions<"KeyPackage">;
  readonly leafNodeExtensions: Extensions<"LeafNode">;
  readonly capabilities: Capabilities;
  readonly lastResort?: LastResortEncoding;
};

const DEFAULTS = (): Settings => ({
  extensions: Extensions.empty("KeyPackage"),
  leafNodeExtensions: Extensions.empty("LeafNode"),
  capabilities: new Capabilities(),
});

/**
 * Makes KeyPackages (RFC 9420 §10). Every verb gives a new builder, and a builder can build again and again, each time
 * with fresh keys.
 *
 * What it builds passes `KeyPackageIn.validate` within its lifetime: other than in OpenMLS, the capabilities get
 * whatever the KeyPackage uses, which is its version, suite, credential type and extension types (RFC 9420 §7.2).
 */
export class KeyPackageBuilder {
  readonly #make: (parts: KeyPackageParts) => KeyPackage;
  readonly #settings: Settings;

  /** For `KeyPackage.builder()`. */
  constructor(make: (parts: KeyPackageParts) => KeyPackage, settings: Settings = DEFAULTS()) {
    this.#make = make;
    this.#settings = settings;
  }

  /** Otherwise `Lifetime.default`: 84 days, and an hour before now. */
  keyPackageLifetime(lifetime: Lifetime): KeyPackageBuilder {
    return this.#with({ lifetime });
  }

  /** Extensions of the KeyPackage; their types are listed in the capabilities by themselves. */
  keyPackageExtensions(extensions: Extensions<"KeyPackage">): KeyPackageBuilder {
    return this.#with({ extensions });
  }

  /** Marks the KeyPackage as one that may be used again when there is no other. */
  markAsLastResort(encoding: LastResortEncoding = "extension"): KeyPackageBuilder {
    return this.#with({ lastResort: encoding });
  }

  /** What the client supports besides; OpenMLS's defaults otherwise. */
  leafNodeCapabilities(capabilities: Capabilities): KeyPackageBuilder {
    return this.#with({ capabilities });
  }

  /** Extensions of the leaf node; their types are listed in the capabilities by themselves. */
  leafNodeExtensions(leafNodeExtensions: Extensions<"LeafNode">): KeyPackageBuilder {
    return this.#with({ leafNodeExtensions });
  }

  /**
   * Makes the key pairs, signs leaf and package, and writes the bundle to the storage under its reference.
   *
   * Errors in this order: `CiphersuiteSignatureSchemeMismatch`, `UnsupportedCiphersuite`; `LibraryError` where the
   * crypto provider rejects; `SignatureError` where the signer does, or where what it signed does not verify with the
   * key of `credentialWithKey`; `StorageError`.
   */
  async build(
    ciphersuite: Ciphersuite,
    provider: KeyPackageProvider,
    signer: Signer,
    credentialWithKey: CredentialWithKey,
  ): Promise<Result<KeyPackageBundle, KeyPackageNewError>> {
    const info = ciphersuiteInfo(ciphersuite);
    if (signer.signatureScheme !== info.signatureScheme) {
      const message = "The ciphersuite does not match the signature scheme.";
      return err({ code: "CiphersuiteSignatureSchemeMismatch", message });
    }
    if (!provider.crypto.supports(ciphersuite)) {
      const message = `Ciphersuite ${info.name} is not supported by the crypto provider.`;
      return err({ code: "UnsupportedCiphersuite", message, ciphersuite });
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
    const init = await crypto.deriveKeyPair(ciphersuite, crypto.random(info.hashBytes));
    const encryption = await crypto.deriveKeyPair(ciphersuite, crypto.random(info.hashBytes));
    const { leafNodeExtensions, lastResort, lifetime = Lifetime.default(now()) } = this.#settings;
    const extensions = lastResort === undefined ? this.#settings.extensions : this.#marked(lastResort);
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
      if (!(await crypto.verify(info.signatureScheme, item))) throw new Error("Signature verification failed.");
      return signature;
    };
    try {
      const leafNode = LeafNode.signed(fields, await sign("LeafNodeTBS", encodeLeafNodeTbs(fields)));
      const initKey = new InitKey(init.publicKey);
      const content = { protocolVersion: ProtocolVersion.Mls10, ciphersuite, initKey, leafNode, extensions };
      const tbs = encodeKeyPackageTbs(content);
      const signature = await sign("KeyPackageTBS", tbs);
      const bytes = new Writer().raw(tbs).opaque(signature).finish();
      const keyPackage = this.#make({ tbs: content, lifetime, signature, bytes });
      const initPrivateKey = new HpkePrivateKey(init.privateKey);
      return ok(new KeyPackageBundle(keyPackage, initPrivateKey, new HpkePrivateKey(encryption.privateKey)));
    } catch (cause) {
      return err({ code: "SignatureError", message: "Signature generation failed.", cause });
    }
  }

  #marked(encoding: LastResortEncoding): Extensions<"KeyPackage"> {
    const { extensions } = this.#settings;
    const marked = extensions.addOrReplace(
      encoding === "extension"
        ? { extensionType: ExtensionType.LastResort, data: new Uint8Array(0) }
        : withLastResortComponent(extensions),
    );
    if (!marked.ok) throw new Error(marked.error.message);
    return marked.value;
  }

  #with(change: Partial<Settings>): KeyPackageBuilder {
    return new KeyPackageBuilder(this.#make, { ...this.#settings, ...change });
  }
}

/** The app data dictionary that is there, or a new one, with the component. */
function withLastResortComponent(extensions: Extensions<"KeyPackage">): Extension {
  const others = (extensions.appDataDictionary()?.components() ?? []).filter(
    ({ componentId }) => componentId !== LAST_RESORT_COMPONENT_ID,
  );
  const dictionary = new AppDataDictionary([
    ...others,
    { componentId: LAST_RESORT_COMPONENT_ID, data: new Uint8Array(0) },
  ]);
  return { extensionType: ExtensionType.AppDataDictionary, data: dictionary.tlsSerialize() };
}

async function store(
  storage: KeyPackageStorage,
  ref: Awaited<ReturnType<KeyPackage["hashRef"]>>,
  bundle: KeyPackageBundle,
): Promise<Result<KeyPackageBundle, KeyPackageNewError>> {
  try {
    await storage.writeKeyPackage(ref, bundle);
    return ok(bundle);
  } catch (cause) {
    return err({ code: "StorageError", message: "Accessing storage failed.", cause });
  }
}
