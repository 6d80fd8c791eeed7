/** base64url without padding, and only its one canonical form (RFC 4648 §5, §3.5). */

/** The last group may leave bits unused: they must be zero, or two texts would decode to the same bytes. */
const CANONICAL = /^(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?$/;

export const isBase64Url = (text: string): boolean => CANONICAL.test(text);

/** The bytes, or undefined for anything but the canonical form. */
export function fromBase64Url(text: string): Uint8Array | undefined {
  return isBase64Url(text) ? Uint8Array.fromBase64(text, { alphabet: "base64url" }) : undefined;
}

export function toBase64Url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
