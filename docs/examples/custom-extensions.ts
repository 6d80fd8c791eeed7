/** A KeyPackage with an extension of one's own, in the range for private use (RFC 9420 §17.3). */
// Outside of this repository: "mls-key-directory/mls".
import { Capabilities, Extensions, KeyPackage, type KeyPackageBundle } from "../../src/mls/index.ts";
import { type Client, ciphersuite } from "./setup.ts";

export const PRIVATE_EXTENSION_TYPE = 0xf100;

export async function keyPackageWithExtension({
  provider,
  signer,
  credentialWithKey,
}: Client): Promise<KeyPackageBundle> {
  const extensions = Extensions.single("KeyPackage", {
    extensionType: PRIVATE_EXTENSION_TYPE,
    data: new TextEncoder().encode("for my peers"),
  });
  if (!extensions.ok) throw new Error(`${extensions.error.code}: ${extensions.error.message}`);

  const bundle = await KeyPackage.builder()
    .leafNodeCapabilities(Capabilities.builder().extensions([PRIVATE_EXTENSION_TYPE]).build())
    .keyPackageExtensions(extensions.value)
    .build(ciphersuite, provider, signer, credentialWithKey);
  if (!bundle.ok) throw new Error(`${bundle.error.code}: ${bundle.error.message}`);
  return bundle.value;
}
