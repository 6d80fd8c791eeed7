/** References of packages as text in base64url: sorted and hashed as a reconcile compares them. */
import { digestOf } from "./digest.ts";
import { localError } from "./directory-error.ts";
import { fromBase64Url } from "./portable-base64url.ts";

/** SHA-256 over the references in bytewise order, one after the other, each once. */
export function refsDigest(refs: readonly string[]): string {
  // Bytes as characters, because text is sorted by its characters.
  const inOrder = [...new Set(refs)].map((ref) => String.fromCharCode(...bytesOf(ref))).sort();
  return digestOf(Uint8Array.from(inOrder.join(""), (character) => character.charCodeAt(0)));
}

function bytesOf(ref: string): Uint8Array {
  const bytes = fromBase64Url(ref);
  if (bytes) return bytes;
  throw localError("invalid_argument", `expected a reference in base64url, got ${ref}`);
}
