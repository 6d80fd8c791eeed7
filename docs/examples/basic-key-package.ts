/** A KeyPackage with all defaults, ready to be published. An application imports from "mls-key-directory/mls". */
// Outside of this repository: "mls-key-directory/mls".
import {
  BasicCredential,
  Ciphersuite,
  ciphersuiteInfo,
  InMemoryKeyPackageStorage,
  KeyPackage,
  type KeyPackageBundle,
  nobleCrypto,
  SignatureKeyPair,
} from "../../src/mls/index.ts";

export async function basicKeyPackage(): Promise<KeyPackageBundle> {
  const ciphersuite = Ciphersuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;
  const provider = {
    crypto: nobleCrypto,
    storage: new InMemoryKeyPackageStorage(),
    now: () => Math.floor(Date.now() / 1000),
  };
  const signer = await SignatureKeyPair.generate(provider.crypto, ciphersuiteInfo(ciphersuite).signatureScheme);
  const credentialWithKey = {
    credential: new BasicCredential("alice").toCredential(),
    signatureKey: signer.publicKey(),
  };

  const bundle = await KeyPackage.builder().build(ciphersuite, provider, signer, credentialWithKey);
  if (!bundle.ok) throw new Error(`${bundle.error.code}: ${bundle.error.message}`);
  return bundle.value;
}
