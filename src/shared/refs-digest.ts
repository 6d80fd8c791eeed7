import { sha256 } from "@noble/hashes/sha2.js";
import { compareBytes } from "./bytes.ts";

/** SHA-256 over references in bytewise order, one after the other, each once: what both sides of a reconcile compare. */
export function refsDigest(refs: readonly Uint8Array[]): Uint8Array {
  const unique = new Map(refs.map((ref) => [ref.toHex(), ref]));
  const hash = sha256.create();
  for (const ref of [...unique.values()].sort(compareBytes)) hash.update(ref);
  return hash.digest();
}
