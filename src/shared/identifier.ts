/** Identifiers of users and clients: opaque text, compared as it stands. */
import { MAX_IDENTIFIER_BYTES } from "../config/limits.ts";

/**
 * Well-formed, 1 to 256 bytes of UTF-8, without control characters. Slashes, spaces and any script are fine. `.` and `..`
 * are none: in an address, encoded or not, they are steps, and lead to what belongs to somebody else.
 */
export function isIdentifier(text: string): boolean {
  if (text === "." || text === "..") return false;
  if (text.length === 0 || text.length > MAX_IDENTIFIER_BYTES || !text.isWellFormed()) return false;
  if (/\p{Cc}/u.test(text)) return false;
  return new TextEncoder().encode(text).length <= MAX_IDENTIFIER_BYTES;
}

/** Where the name stands in a path, counted from `users`. */
const PLACES = { users: 1, clients: 3, "claim-capabilities": 5 } as const;

type Collection = keyof typeof PLACES;

/**
 * The identifier that follows `collection` in a path as it was sent: percent-decoded once, here and nowhere else.
 * Undefined if it is not valid.
 */
export function pathIdentifier(rawPath: string, collection: Collection): string | undefined {
  const segments = rawPath.split("/");
  const users = segments.indexOf("users");
  const segment = segments[users + PLACES[collection]];
  if (segment === undefined) return undefined;
  try {
    const text = decodeURIComponent(segment);
    return isIdentifier(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
