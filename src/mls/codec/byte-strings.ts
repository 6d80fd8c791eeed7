/** Equality of public bytes; it is not constant in time. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function toHex(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += byte.toString(16).padStart(2, "0");
  return hex;
}

/** A copy of its own. `slice()` does not give one where the bytes are a `Buffer` of Node, which is a `Uint8Array` too. */
export const copyOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);
