/** From a bearer token to a principal: every failure is a value, and none says more than the caller may know. */
import { errors, type JWTPayload, jwtVerify } from "jose";
import { MAX_TOKEN_CHARACTERS, TOKEN_CLOCK_SKEW_SECONDS } from "../../config/limits.ts";
import { isIdentifier } from "../../shared/identifier.ts";
import { ok, type Result, refuse } from "../refusals/refusal.ts";
import type { Issuer } from "./issuer.ts";
import type { Principal } from "./principal.ts";
import { cachedPrincipal, cachePrincipal } from "./token-cache.ts";

/** Asymmetric only, by name: `none` and HMAC, for which a public key would serve as the secret, are not among them. */
const ALGORITHMS = [
  "EdDSA",
  "Ed25519",
  "ES256",
  "ES384",
  "ES512",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
];

/** Verifies a JWT (RFC 7519, RFC 8725) and reads who it speaks for. `now` is the time at which it must be valid. */
export async function verifyToken(token: string, issuer: Issuer, now: Date): Promise<Result<Principal>> {
  if (token.length > MAX_TOKEN_CHARACTERS) return refuse("token_invalid", "the token is too long");
  const recalled = cachedPrincipal(token, issuer, now);
  if (recalled) return ok(recalled);
  try {
    const { payload } = await jwtVerify(token, issuer.keys, {
      algorithms: ALGORITHMS,
      issuer: issuer.issuer,
      audience: issuer.audience,
      requiredClaims: ["exp", "sub"],
      clockTolerance: TOKEN_CLOCK_SKEW_SECONDS,
      currentDate: now,
    });
    const principal = toPrincipal(payload, issuer.clientClaim);
    if (principal.ok) cachePrincipal(token, issuer, principal.value, payload.exp ?? 0, now);
    return principal;
  } catch (error) {
    return refusalOf(error);
  }
}

function toPrincipal(payload: JWTPayload, clientClaim: string): Result<Principal> {
  const { sub } = payload;
  const client = payload[clientClaim];
  if (typeof sub !== "string" || !isIdentifier(sub)) return refuse("token_invalid", "its sub is not an identifier");
  if (client !== undefined && !(typeof client === "string" && isIdentifier(client))) {
    return refuse("token_invalid", `its ${clientClaim} is not an identifier`);
  }
  const scopes = typeof payload.scope === "string" ? payload.scope.split(" ").filter(Boolean) : [];
  const issuedAt = typeof payload.iat === "number" ? payload.iat : undefined;
  return ok({ user: sub, client, scopes: new Set(scopes), issuedAt });
}

function refusalOf(error: unknown) {
  if (error instanceof errors.JWTExpired) return refuse("token_expired");
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === "iss") return refuse("wrong_issuer");
    if (error.claim === "aud") return refuse("wrong_audience");
    return refuse("token_invalid", `its claim ${error.claim} is missing or not acceptable`);
  }
  if (isAboutTheToken(error)) return refuse("token_invalid");
  return refuse("authentication_unavailable");
}

/** Everything but a failed fetch of the keys; a JWKS that cannot be read is no fault of the caller either. */
function isAboutTheToken(error: unknown): boolean {
  return (
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof TypeError
  );
}
