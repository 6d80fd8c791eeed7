/** From a bearer token to a principal: every failure is a value, and none says more than the caller may know. */
import { decodeJwt, decodeProtectedHeader, errors, type JWTHeaderParameters, type JWTPayload, jwtVerify } from "jose";
import type { IssuerSettings } from "../../config/auth-settings.ts";
import { MAX_TOKEN_CHARACTERS, TOKEN_CLOCK_SKEW_SECONDS } from "../../config/limits.ts";
import { ok, type Result } from "../../shared/ok-or-error.ts";
import { type AuthenticationFailure, failure } from "./authentication-failure.ts";
import type { Issuer, Issuers } from "./issuers.ts";
import type { NoKey } from "./key-source.ts";
import type { Principal } from "./principal.ts";
import { readPrincipal } from "./read-principal.ts";
import { tokenTypeFault } from "./token-type.ts";

type Verified = Result<Principal, AuthenticationFailure>;

/** What a token says, before anybody has vouched for it. */
type Unverified = { readonly header: JWTHeaderParameters; readonly payload: JWTPayload };

/** `expiresAt` in unix seconds. */
type VerifiedToken = { readonly principal: Principal; readonly expiresAt: number };

export type VerifyContext = {
  /** The time at which the token must be valid. */
  readonly now: Date;
  /** Is given what goes on after the request: the renewal of an issuer's keys. */
  readonly inBackground: (work: Promise<void>) => void;
};

/** Verifies a JWT (RFC 7519, RFC 8725) of one of the issuers and reads who it speaks for. */
export async function verifyToken(token: string, issuers: Issuers, context: VerifyContext): Promise<Verified> {
  if (token.length > MAX_TOKEN_CHARACTERS) {
    return failure("too_long", `expected at most ${MAX_TOKEN_CHARACTERS} characters, got ${token.length}`);
  }
  const recalled = issuers.verified.get(token, context.now);
  if (recalled) return ok(recalled);
  const unverified = decode(token);
  if (!unverified) return failure("malformed", MALFORMED);
  // Its own word picks the issuer whose keys it must be signed with; nothing else of it is believed before that.
  const { iss } = unverified.payload;
  const issuer = iss === undefined ? undefined : issuers.byName.get(iss);
  if (!issuer) return failure("unknown_issuer", UNKNOWN_ISSUER);
  const verified = await verifyOf(issuer, token, unverified, context);
  if (verified.ok) {
    const { principal, expiresAt } = verified.value;
    issuers.verified.put(token, principal, expiresAt, context.now);
    return ok(principal);
  }
  return verified;
}

function decode(token: string): Unverified | undefined {
  try {
    return { header: decodeProtectedHeader(token) as JWTHeaderParameters, payload: decodeJwt(token) };
  } catch {
    return undefined;
  }
}

async function verifyOf(
  { settings, keys }: Issuer,
  token: string,
  { header, payload: claimed }: Unverified,
  { now, inBackground }: VerifyContext,
): Promise<Result<VerifiedToken, AuthenticationFailure>> {
  if (!settings.algorithms.includes(header.alg)) return failure("algorithm_not_allowed", ALGORITHM_NOT_ALLOWED);
  const lookup = { nowMs: now.getTime(), isPlausible: wouldBeAccepted(header, claimed, settings, now), inBackground };
  const key = await keys.keyFor(header, lookup);
  if (!key.ok) return withoutKey(key.error);
  const verified = await verifyWith(key.value, token, settings, now);
  if (verified.ok || verified.error.kind !== "bad_signature") return verified;
  const successor = await keys.successorOf(header, lookup);
  return successor ? verifyWith(successor, token, settings, now) : verified;
}

async function verifyWith(
  key: CryptoKey,
  token: string,
  settings: IssuerSettings,
  now: Date,
): Promise<Result<VerifiedToken, AuthenticationFailure>> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, key, {
      algorithms: [...settings.algorithms],
      issuer: settings.issuer,
      audience: [...settings.audiences],
      requiredClaims: ["exp"],
      clockTolerance: TOKEN_CLOCK_SKEW_SECONDS,
      currentDate: now,
    });
    const typeFault = tokenTypeFault(protectedHeader, payload, settings.tokenTyp);
    if (typeFault !== undefined) return failure("wrong_type", typeFault);
    const principal = readPrincipal(payload, settings);
    return principal.ok ? ok({ principal: principal.value, expiresAt: payload.exp ?? 0 }) : principal;
  } catch (error) {
    return failureOf(error);
  }
}

/**
 * Whether the token would pass if its signature were good. Anybody can write such a token; it only keeps what could not
 * be accepted anyway from having the issuer asked for its keys.
 */
function wouldBeAccepted(
  header: JWTHeaderParameters,
  payload: JWTPayload,
  settings: IssuerSettings,
  now: Date,
): boolean {
  const { aud, exp, nbf = 0 } = payload;
  const seconds = now.getTime() / 1000;
  const audiences = Array.isArray(aud) ? aud : [aud];
  return (
    audiences.some((audience) => settings.audiences.includes(audience ?? "")) &&
    typeof exp === "number" &&
    exp > seconds - TOKEN_CLOCK_SKEW_SECONDS &&
    nbf <= seconds + TOKEN_CLOCK_SKEW_SECONDS &&
    tokenTypeFault(header, payload, settings.tokenTyp) === undefined &&
    readPrincipal(payload, settings).ok
  );
}

function withoutKey({ fault, retryAfterSeconds }: NoKey) {
  if (fault === "unknown_key") {
    return failure(fault, "expected a signature by a key that the issuer publishes, got one by another");
  }
  if (fault === "ambiguous_key") {
    return failure(fault, "expected a kid where several keys of the issuer fit, got none");
  }
  if (fault === "unusable_key") return failure(fault, UNUSABLE_KEY);
  const detail = "expected the issuer's keys to be known, got no answer of the issuer";
  return failure(fault, detail, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
}

function failureOf(error: unknown) {
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return failure("bad_signature", "expected a signature by the issuer's key, got one that does not verify");
  }
  if (error instanceof errors.JWTExpired) {
    return failure("expired", "expected an exp that is not past, got an earlier one; get a new token");
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === "iss") return failure("unknown_issuer", UNKNOWN_ISSUER);
    if (error.claim === "aud") {
      return failure("wrong_audience", "expected an aud that names this directory, got none or another");
    }
    const kind = error.claim === "nbf" && error.reason === "check_failed" ? "not_yet_valid" : "bad_claim";
    return failure(kind, `expected an acceptable claim ${error.claim}, got none or another`);
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return failure("algorithm_not_allowed", ALGORITHM_NOT_ALLOWED);
  }
  if (error instanceof errors.JOSEError) return failure("malformed", MALFORMED);
  // What remains is thrown for a key that does not fit its algorithm: an RSA key that is too short, for one.
  return failure("unusable_key", UNUSABLE_KEY);
}

const MALFORMED = "expected a signed JWT in its compact form, got a text that is not";
const UNKNOWN_ISSUER = "expected an iss that this directory accepts, got none or another";
const ALGORITHM_NOT_ALLOWED = "expected an alg that this directory accepts, got another";
const UNUSABLE_KEY = "expected a key of the issuer that can verify tokens, got one that cannot";
