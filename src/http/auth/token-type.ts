/**
 * Whether a signed JWT is an access token (RFC 8725 §3.11 and §3.12): an issuer signs other things with the same key, for
 * the same audience, and an ID token tells who somebody is, not what its holder may do.
 */
import type { JWTHeaderParameters, JWTPayload } from "jose";

/** RFC 9068 §2.1, what issuers from before it write, and no type at all. */
const ACCESS_TOKEN_TYPES: readonly (string | undefined)[] = ["at+jwt", "jwt", undefined];

/** What Keycloak writes into the claim `typ` of an access token; of others it is ID, Refresh, Offline, Logout, DPoP. */
const ACCESS_TOKEN_CLAIM = "bearer";

/**
 * Why the token is not one of the kind that is expected, or undefined if it is. With a required type the header alone
 * decides; without one, any sign of another kind of token is enough.
 */
export function tokenTypeFault(
  header: JWTHeaderParameters,
  payload: JWTPayload,
  required: string | undefined,
): string | undefined {
  const typ = typeof header.typ === "string" ? header.typ.toLowerCase().replace(/^application\//, "") : header.typ;
  if (required !== undefined)
    return typ === required ? undefined : `expected ${required} as the typ of the header, got none or another`;
  if (!ACCESS_TOKEN_TYPES.includes(typ)) return "expected at+jwt, JWT or nothing as the typ of the header, got another";
  if (Object.hasOwn(payload, "typ") && String(payload.typ).toLowerCase() !== ACCESS_TOKEN_CLAIM) {
    return "expected an access token, got one whose claim typ is of another kind";
  }
  if (Object.hasOwn(payload, "token_use") && payload.token_use !== "access") {
    return "expected an access token, got one whose claim token_use is of another kind";
  }
  // OpenID Connect Core §3.1.3.6 and §3.3.2.11: only an ID token vouches for what came with it.
  const mark = ["at_hash", "c_hash"].find((name) => Object.hasOwn(payload, name));
  return mark === undefined ? undefined : `expected an access token, got an ID token: it has the claim ${mark}`;
}
