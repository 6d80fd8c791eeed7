/** References of packages as text in base64url: sorted and hashed as a reconcile compares them. */
import { sha256 } from "@noble/hashes/sha2.js";
import { localError } from "./directory-error.ts";
import { fromBase64Url, toBase64Url } from "./portable-base64url.ts";

/** SHA-256 over the references in bytewise order, one after the other, each once. */
export function refsDigest(refs: readonly string[]): string {
  const hash = sha256.create();
  for (const ref of [...new Set(refs)].map(bytesOf).sort(compareBytes)) hash.update(ref);
  return toBase64Url(hash.digest());
}

function bytesOf(ref: string): Uint8Array {
  const bytes = fromBase64Url(ref);
  if (bytes) return bytes;
  throw localError("invalid_argument", "expected references in base64url without padding");
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (const [index, byte] of a.entries()) {
    const other = b[index];
    if (other === undefined) break;
    if (byte !== other) return byte - other;
  }
  return a.length - b.length;
}
