/** From the claims of a token to a principal, by the names that the issuer's settings give. Pure. */

import type { JWTPayload } from "jose";
import type { ClaimName, IssuerSettings } from "../../config/auth-settings.ts";
import { SCOPES } from "../../config/scopes.ts";
import { isIdentifier } from "../../shared/identifier.ts";
import { ok, type Result } from "../../shared/ok-or-error.ts";
import { type AuthenticationFailure, failure } from "./authentication-failure.ts";
import type { Principal } from "./principal.ts";

export function readPrincipal(payload: JWTPayload, settings: IssuerSettings): Result<Principal, AuthenticationFailure> {
  const { userClaim, clientClaim, scopeClaims, defaultScopes } = settings;
  const user = claimOf(payload, userClaim);
  if (!isIdentifierValue(user))
    return failure("bad_claim", `expected an identifier as ${userClaim.text}, got none or another value`);
  const client = claimOf(payload, clientClaim);
  if (client !== undefined && !isIdentifierValue(client)) {
    return failure("bad_claim", `expected an identifier as ${clientClaim.text}, got another value`);
  }
  const granted = new Set<string>();
  let grants = false;
  for (const name of scopeClaims) {
    const value = claimOf(payload, name);
    if (value === undefined) continue;
    const scopes = scopesIn(value);
    if (!scopes) return failure("bad_claim", `expected a text or a list of texts as ${name.text}, got another value`);
    grants = true;
    for (const scope of scopes) granted.add(scope);
  }
  const scopes = grants ? granted : new Set(defaultScopes);
  const issuedAt = issuedAtOf(payload);
  if (!issuedAt.ok) return issuedAt;
  return ok({
    user,
    client,
    // What other services understand is not kept: a token may list any number.
    scopes: new Set(SCOPES.filter((scope) => scopes.has(scope))),
    issuedAt: issuedAt.value,
  });
}

/** The token's own members only, and those of objects in it; undefined for a claim that is not there. */
function claimOf(payload: JWTPayload, { path }: ClaimName): unknown {
  let value: unknown = payload;
  for (const member of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, member)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[member];
  }
  return value;
}

const isIdentifierValue = (value: unknown): value is string => typeof value === "string" && isIdentifier(value);

/** RFC 8693 §4.2 separates them by spaces; several issuers make a list of them. */
function scopesIn(value: unknown): readonly string[] | undefined {
  if (typeof value === "string") return value.split(" ");
  return Array.isArray(value) && value.every((scope) => typeof scope === "string") ? value : undefined;
}

/** Whole seconds, rounded down, so that a comparison of times is never in favour of an older token. */
function issuedAtOf({ iat }: JWTPayload): Result<number | undefined, AuthenticationFailure> {
  if (iat === undefined) return ok(undefined);
  const seconds = typeof iat === "number" ? Math.floor(iat) : Number.NaN;
  return Number.isSafeInteger(seconds) && seconds >= 0
    ? ok(seconds)
    : failure("bad_claim", "expected a time as iat, got another value");
}
