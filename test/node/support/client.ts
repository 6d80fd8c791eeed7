/** A client of any suite that makes KeyPackages with the library's own builder. */
import {
  BasicCredential,
  ciphersuiteInfo,
  InMemoryKeyPackageStorage,
  KeyPackage,
  type KeyPackageBuilder,
  type KeyPackageBundle,
  nobleCrypto,
  SignatureKeyPair,
  type Suite,
} from "../../../src/mls/index.ts";

export const CLIENT_NOW = 1_800_000_000;

export async function newClient(ciphersuite: Suite, now = CLIENT_NOW, crypto = nobleCrypto) {
  const provider = { crypto, storage: new InMemoryKeyPackageStorage(), now: () => now };
  const signer = await SignatureKeyPair.generate(crypto, ciphersuiteInfo(ciphersuite).signatureScheme);
  const credential = new BasicCredential("alice").toCredential();
  const credentialWithKey = { credential, signatureKey: signer.publicKey() };
  return {
    provider,
    signer,
    credentialWithKey,
    build: (builder: KeyPackageBuilder = KeyPackage.builder()) =>
      builder.build(ciphersuite, provider, signer, credentialWithKey),
    /** The same, and throws where nothing could be built. */
    async bundle(builder?: KeyPackageBuilder): Promise<KeyPackageBundle> {
      const built = await this.build(builder);
      if (!built.ok) throw new Error(`${built.error.code}: ${built.error.message}`);
      return built.value;
    },
  };
}
