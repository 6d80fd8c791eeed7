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

/** What is wrong with a text that `fromBase64Url` does not take, and where: what was expected and what came. */
export function base64UrlFault(text: string): string {
  const expected = "expected base64url without padding (A-Z a-z 0-9 - _)";
  const at = text.search(/[^\w-]/);
  if (at >= 0)
    return `${expected}, got ${JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0))} at character ${at}`;
  if (text.length % 4 === 1) return `${expected}, got ${text.length} characters, which no bytes give`;
  return `${expected}, got a last character with unused bits that are not zero`;
}
