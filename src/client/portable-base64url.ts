/**
 * base64url without padding (RFC 4648 §5). Written out, because `Uint8Array.toBase64` is not in every browser yet, `Buffer`
 * only in Node, and `atob` not in every React Native.
 */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Each character from its six bits, which begin in one byte and may end in the next. */
export function toBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (let bit = 0; bit < bytes.length * 8; bit += 6) {
    const at = bit >> 3;
    const both = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    text += ALPHABET.charAt((both >> (10 - (bit & 7))) & 63);
  }
  return text;
}

/** The bytes, or undefined for anything but the one canonical form, which is the form in which they are written here. */
export function fromBase64Url(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  const bytes = new Uint8Array((text.length * 6) >> 3);
  let held = 0;
  let length = 0;
  for (let index = 0; index < text.length; index++) {
    held = (held << 6) | ALPHABET.indexOf(text.charAt(index));
    // Four characters are three bytes: the first of them completes none, the others have 4, 2 and 0 bits to spare.
    if (index & 3) bytes[length++] = held >> (6 - (index & 3) * 2);
  }
  return toBase64Url(bytes) === text ? bytes : undefined;
}
