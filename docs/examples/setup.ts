/** What the other examples share: a provider, a signer and a credential. */
// Outside of this repository: "mls-key-directory/mls".
import {
  BasicCredential,
  Ciphersuite,
  type CredentialWithKey,
  ciphersuiteInfo,
  InMemoryKeyPackageStorage,
  type KeyPackageProvider,
  nobleCrypto,
  SignatureKeyPair,
} from "../../src/mls/index.ts";

export const ciphersuite = Ciphersuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;

export type Client = {
  readonly provider: KeyPackageProvider;
  readonly signer: SignatureKeyPair;
  readonly credentialWithKey: CredentialWithKey;
};

export async function newClient(identity: string): Promise<Client> {
  const provider = {
    crypto: nobleCrypto,
    storage: new InMemoryKeyPackageStorage(),
    now: () => Math.floor(Date.now() / 1000),
  };
  const signer = await SignatureKeyPair.generate(provider.crypto, ciphersuiteInfo(ciphersuite).signatureScheme);
  const credential = new BasicCredential(identity).toCredential();
  return { provider, signer, credentialWithKey: { credential, signatureKey: signer.publicKey() } };
}
