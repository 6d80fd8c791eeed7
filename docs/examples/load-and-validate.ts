/** A KeyPackage from bytes: decoded exactly, validated, and its reference for looking it up. */
// Outside of this repository: "mls-key-directory/mls".
import { type CryptoProvider, type KeyPackage, KeyPackageIn, ProtocolVersion } from "../../src/mls/index.ts";

export async function loadAndValidate(
  crypto: CryptoProvider,
  bytes: Uint8Array,
): Promise<{ readonly keyPackage: KeyPackage; readonly ref: Uint8Array }> {
  const received = KeyPackageIn.tlsDeserializeExact(bytes);
  if (!received.ok) throw new Error(`${received.error.code}: ${received.error.message}`);

  const now = Math.floor(Date.now() / 1000);
  const validated = await received.value.validate(crypto, ProtocolVersion.Mls10, { now });
  if (!validated.ok) throw new Error(`${validated.error.code}: ${validated.error.message}`);

  const ref = await validated.value.hashRef(crypto);
  return { keyPackage: validated.value, ref: ref.asSlice() };
}
