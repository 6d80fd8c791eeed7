/** Which packages a Welcome is addressed to: the one part of it that is not encrypted. */
import { Reader } from "../mls/index.ts";
import { localError } from "./directory-error.ts";
import { toBase64Url } from "./portable-base64url.ts";

/**
 * The version and wire format of an MLSMessage with a Welcome, byte by byte. Never ambiguous: a bare Welcome that begins so
 * would be of suite 1 and have no secrets.
 */
const MLS_MESSAGE_HEADER = "0,1,0,3";
const MLS_MESSAGE_HEADER_BYTES = 4;

/**
 * The KeyPackageRefs in a Welcome (RFC 9420 §12.4.3.1), in base64url and in its order, for `Replenisher.onWelcome`. Takes
 * a Welcome as it is or in an MLSMessage. Throws a DirectoryError, `invalid_argument`, for anything else.
 */
export function welcomeRefs(welcome: Uint8Array): readonly string[] {
  const refs: string[] = [];
  const reader = Reader.over(welcome);
  const begin = welcome.subarray(0, MLS_MESSAGE_HEADER_BYTES);
  if (begin.join() === MLS_MESSAGE_HEADER) reader.take(MLS_MESSAGE_HEADER_BYTES);
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
  if (!reader.failure) return refs;
  throw localError("invalid_argument", `expected a Welcome, got other bytes: ${reader.failure.message}`);
}
