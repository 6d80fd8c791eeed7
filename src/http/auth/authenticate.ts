import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../bindings.ts";
import { PROBLEMS } from "../refusals/problem-codes.ts";
import type { Refusal } from "../refusals/refusal.ts";
import { problem } from "../wire/problem-details.ts";
import { issuerOf } from "./issuer.ts";
import type { Principal, Scope } from "./principal.ts";
import { verifyToken } from "./verify-token.ts";

/** Lets through only a valid token that carries the scope; closed while authentication is not configured. */
export const authenticate = (scope: Scope) =>
  createMiddleware<AppEnv>(async function authenticate(c, next) {
    const issuer = issuerOf(c.get("deployment"));
    if (!issuer.ok) return problem(c, issuer.error);
    const token = bearerToken(c.req.header("Authorization"));
    if (token === undefined) return challenge(c, { code: "token_missing" });
    const principal = await verifyToken(token, issuer.value, new Date());
    if (!principal.ok) return challenge(c, principal.error);
    if (!principal.value.scopes.has(scope)) {
      return problem(
        c,
        { code: "insufficient_scope", detail: `expected the scope ${scope}` },
        { "WWW-Authenticate": `Bearer error="insufficient_scope", scope="${scope}"` },
      );
    }
    if (principal.value.client === undefined && scope !== "directory:admin") {
      const detail = `the token has no claim ${issuer.value.clientClaim}`;
      return challenge(c, { code: "token_invalid", detail });
    }
    c.set("principal", principal.value);
    return next();
  });

/** The principal's client. Only tokens of operators have none, and `authenticate` keeps those from other routes. */
export function clientOf(principal: Principal): string {
  if (principal.client === undefined) throw new TypeError("expected a token with a client");
  return principal.client;
}

/** RFC 6750 §2.1; the scheme's case does not matter. */
function bearerToken(header: string | undefined): string | undefined {
  return header?.match(/^bearer +([^\s]+) *$/i)?.[1];
}

/** RFC 6750 §3: a missing token is asked for, a bad one is named as bad. */
function challenge(c: Context<AppEnv>, refusal: Refusal): Response {
  if (PROBLEMS[refusal.code].status !== 401) return problem(c, refusal);
  const error = refusal.code === "token_missing" ? "" : ` error="invalid_token", error_description="${refusal.code}",`;
  return problem(c, refusal, { "WWW-Authenticate": `Bearer${error} realm="mls-key-directory"` });
}
