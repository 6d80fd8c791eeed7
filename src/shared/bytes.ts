/** Comparing byte strings that are public: references, public keys, hashes of requests. */

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Bytewise order; where one is the start of the other, the shorter comes first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (const [index, byte] of a.entries()) {
    const other = b[index];
    if (other === undefined) break;
    if (byte !== other) return byte - other;
  }
  return a.length - b.length;
}
