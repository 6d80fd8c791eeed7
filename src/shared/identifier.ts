/** Identifiers of users and clients: opaque text, compared as it stands. */
import { MAX_IDENTIFIER_BYTES } from "../config/limits.ts";

/** Well-formed, 1 to 256 bytes of UTF-8, without control characters. Slashes, spaces and any script are fine. */
export function isIdentifier(text: string): boolean {
  if (text.length === 0 || text.length > MAX_IDENTIFIER_BYTES || !text.isWellFormed()) return false;
  if (/\p{Cc}/u.test(text)) return false;
  return new TextEncoder().encode(text).length <= MAX_IDENTIFIER_BYTES;
}

/**
 * The identifier that follows `collection` in a path as it was sent: percent-decoded once, here and nowhere else.
 * Undefined if it is not valid.
 */
export function pathIdentifier(rawPath: string, collection: "users" | "clients"): string | undefined {
  const segments = rawPath.split("/");
  const users = segments.indexOf("users");
  const segment = segments[collection === "users" ? users + 1 : users + 3];
  if (segment === undefined) return undefined;
  try {
    const text = decodeURIComponent(segment);
    return isIdentifier(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
