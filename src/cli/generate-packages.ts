/** Fresh KeyPackages of a client, and its keys with their private halves. */
import {
  BasicCredential,
  ciphersuiteInfo,
  InMemoryKeyPackageStorage,
  KeyPackage,
  type KeyPackageBundle,
  Lifetime,
  type Suite,
  signatureSchemeName,
} from "../mls/index.ts";
import { postQuantumCrypto } from "../mls/post-quantum/index.ts";
import { type ClientKeys, signerOf, withBundle } from "./key-file.ts";

export type Wanted = {
  readonly identity: string;
  readonly ciphersuites: readonly Suite[];
  /** Of each ciphersuite. */
  readonly count: number;
  /** One more of each ciphersuite, for when all others are gone. */
  readonly lastResort: boolean;
  readonly lifetimeSeconds: number | undefined;
  /** Unix seconds. */
  readonly now: number;
};

export async function generatePackages(
  before: ClientKeys,
  { identity, ciphersuites, count, lastResort, lifetimeSeconds, now }: Wanted,
  told: (made: number) => void = () => undefined,
): Promise<{ readonly keys: ClientKeys; readonly bundles: readonly KeyPackageBundle[] }> {
  const provider = { crypto: postQuantumCrypto, storage: new InMemoryKeyPackageStorage(), now: () => now };
  const credential = new BasicCredential(identity).toCredential();
  const bundles: KeyPackageBundle[] = [];
  let keys = before;
  for (const ciphersuite of ciphersuites) {
    const scheme = signatureSchemeName(ciphersuiteInfo(ciphersuite).signatureScheme);
    const signing = await signerOf(keys, scheme);
    keys = signing.keys;
    const plain =
      lifetimeSeconds === undefined
        ? KeyPackage.builder()
        : KeyPackage.builder().keyPackageLifetime(Lifetime.new(BigInt(lifetimeSeconds), now));
    const builders = [...Array.from({ length: count }, () => plain), ...(lastResort ? [plain.markAsLastResort()] : [])];
    for (const builder of builders) {
      const credentialWithKey = { credential, signatureKey: signing.signer.publicKey() };
      const built = await builder.build(ciphersuite, provider, signing.signer, credentialWithKey);
      if (!built.ok) throw new Error(`${built.error.code}: ${built.error.message}`);
      bundles.push(built.value);
      keys = await withBundle(keys, built.value);
      told(bundles.length);
    }
  }
  return { keys, bundles };
}
