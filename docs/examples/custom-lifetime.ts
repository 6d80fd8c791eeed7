/** A KeyPackage that lives for one week. */
// Outside of this repository: "mls-key-directory/mls".
import { KeyPackage, type KeyPackageBundle, Lifetime } from "../../src/mls/index.ts";
import { type Client, ciphersuite } from "./setup.ts";

const ONE_WEEK_SECONDS = 7n * 24n * 3600n;

export async function weekLongKeyPackage({ provider, signer, credentialWithKey }: Client): Promise<KeyPackageBundle> {
  const bundle = await KeyPackage.builder()
    .keyPackageLifetime(Lifetime.new(ONE_WEEK_SECONDS, provider.now()))
    .build(ciphersuite, provider, signer, credentialWithKey);
  if (!bundle.ok) throw new Error(`${bundle.error.code}: ${bundle.error.message}`);
  return bundle.value;
}
