/** A KeyPackage that may be used again when a client has no other; its capabilities say so by themselves. */
// Outside of this repository: "mls-key-directory/mls".
import { KeyPackage, type KeyPackageBundle } from "../../src/mls/index.ts";
import { type Client, ciphersuite } from "./setup.ts";

export async function lastResortKeyPackage({ provider, signer, credentialWithKey }: Client): Promise<KeyPackageBundle> {
  const bundle = await KeyPackage.builder().markAsLastResort().build(ciphersuite, provider, signer, credentialWithKey);
  if (!bundle.ok) throw new Error(`${bundle.error.code}: ${bundle.error.message}`);
  return bundle.value;
}
