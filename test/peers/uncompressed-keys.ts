/** ts-mls makes ECDSA keys as compressed points; RFC 9420 §5.1.1 has them uncompressed, and so do directories. */
import { ECDH } from "node:crypto";

export type SignatureKeys = { readonly signKey: Uint8Array; readonly publicKey: Uint8Array };

/** By the length of a compressed point, in bytes. */
const CURVES: Readonly<Record<number, string>> = { 33: "prime256v1", 49: "secp384r1", 67: "secp521r1" };

/** The same keys, the public one as RFC 9420 has it. */
export function uncompressed(keys: SignatureKeys): SignatureKeys {
  const curve = CURVES[keys.publicKey.length];
  if (curve === undefined) return keys;
  const point = ECDH.convertKey(keys.publicKey, curve, undefined, undefined, "uncompressed");
  if (typeof point === "string") throw new Error("expected bytes");
  return { signKey: keys.signKey, publicKey: Uint8Array.from(point) };
}
