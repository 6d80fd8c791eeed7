/** base64url without padding, and only its one canonical form (RFC 4648 §5, §3.5). */

/** Of one class and no group: a repeated group takes room on the stack for each repetition, and a text may be long. */
const ALPHABET = /^[\w-]*$/;

/**
 * By what is left after groups of four: the last character may leave bits unused. They must be zero, or two texts would
 * decode to the same bytes.
 */
const LAST = { 2: /[AQgw]$/, 3: /[AEIMQUYcgkosw048]$/ } as const;

export function isBase64Url(text: string): boolean {
  const left = text.length % 4;
  if (left === 1 || !ALPHABET.test(text)) return false;
  return left === 0 || LAST[left as 2 | 3].test(text.slice(-1));
}

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
