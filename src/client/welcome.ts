/** Which packages a Welcome is addressed to: the one part of it that is not encrypted. */
import { Reader } from "../mls/codec/reader.ts";
import { localError } from "./directory-error.ts";
import { toBase64Url } from "./portable-base64url.ts";

const MLS10 = 1;
const MLS_WELCOME = 3;

/**
 * The KeyPackageRefs in a Welcome (RFC 9420 §12.4.3.1), in base64url and in its order, for `Replenisher.onWelcome`. Takes
 * a Welcome as it is or in an MLSMessage. Throws a DirectoryError, `invalid_argument`, for anything else.
 */
export function welcomeRefs(welcome: Uint8Array): readonly string[] {
  const refs: string[] = [];
  const reader = Reader.over(welcome);
  if (isMlsMessage(welcome)) reader.take(4);
  reader.u16();
  const secrets = reader.vector();
  while (secrets.remaining > 0) {
    refs.push(toBase64Url(secrets.opaque()));
    // The encrypted secrets: kem_output and ciphertext.
    secrets.opaque();
    secrets.opaque();
  }
  reader.opaque();
  reader.expectEnd();
  if (reader.failure === undefined) return refs;
  const got = `${welcome.length} bytes that are none: ${reader.failure.message}`;
  throw localError("invalid_argument", `expected a Welcome, got ${got}`);
}

/** Never ambiguous: a bare Welcome that begins so would be of suite 1 and have no secrets. */
function isMlsMessage(bytes: Uint8Array): boolean {
  const reader = Reader.over(bytes);
  return reader.u16() === MLS10 && reader.u16() === MLS_WELCOME;
}
