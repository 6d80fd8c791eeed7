import { waitUntil } from "cloudflare:workers";
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { Scope } from "../../config/scopes.ts";
import { unixSeconds } from "../../shared/time.ts";
import type { AppEnv } from "../bindings.ts";
import { PROBLEMS } from "../refusals/problem-codes.ts";
import { countAuthenticationFailure } from "../telemetry/metrics.ts";
import { isBlocked, keyMarks } from "../upstream/standing-orders.ts";
import { problem } from "../wire/problem-details.ts";
import { type AuthenticationFailure, failure } from "./authentication-failure.ts";
import { issuersObeying } from "./issuers.ts";
import { verifyToken } from "./verify-token.ts";

/** Scopes of those who act for no client of a user. */
const CLIENTLESS: ReadonlySet<Scope> = new Set(["directory:admin", "routes:read"]);

/** Lets through only a valid token that carries the scope; closed while authentication is not configured. */
export const authenticate = (scope: Scope) =>
  createMiddleware<AppEnv>(async function authenticate(c, next) {
    const issuers = issuersObeying(c.get("deployment"), keyMarks(), Date.now());
    if (!issuers.ok) return refused(c, issuers.error);
    const token = bearerToken(c.req.header("Authorization"));
    if (token === undefined)
      return refused(c, failure("missing", "expected Authorization: Bearer and a token, got none").error);
    const verified = await verifyToken(token, issuers.value, { now: new Date(), inBackground: waitUntil });
    if (!verified.ok) return refused(c, verified.error);
    const { scopes, client } = verified.value;
    if (!scopes.has(scope)) {
      return refused(
        c,
        failure("insufficient_scope", `expected the scope ${scope}, got ${listed(scopes)}`).error,
        scope,
      );
    }
    if (client === undefined && !CLIENTLESS.has(scope)) {
      return refused(c, failure("no_client", "expected a token that names a client, got one that does not").error);
    }
    if (scope !== "directory:admin" && isBlocked(c.env, verified.value.user, unixSeconds(Date.now()))) {
      return refused(
        c,
        failure("blocked", "expected a token of a user who is not blocked, got one whom an operator has blocked").error,
      );
    }
    c.set("principal", verified.value);
    return next();
  });

/** The scopes of a token that this service knows. */
const listed = (scopes: ReadonlySet<Scope>): string => (scopes.size === 0 ? "none" : [...scopes].join(" and "));

/** RFC 6750 §2.1; the scheme's case does not matter. */
function bearerToken(header: string | undefined): string | undefined {
  return header?.match(/^bearer +([^\s]+) *$/i)?.[1];
}

/** Answers, and notes the kind for the log and the data points. */
function refused(c: Context<AppEnv>, failed: AuthenticationFailure, scope?: Scope): Response {
  c.set("authenticationFailure", failed.kind);
  countAuthenticationFailure(c.env.METRICS, failed.kind);
  const challenge = challengeOf(failed, scope);
  return problem(c, failed, challenge === undefined ? {} : { "WWW-Authenticate": challenge });
}

/** RFC 6750 §3: a missing token is asked for, a bad one is named as bad. */
function challengeOf({ code }: AuthenticationFailure, scope: Scope | undefined): string | undefined {
  if (scope !== undefined) return `Bearer error="insufficient_scope", scope="${scope}"`;
  if (PROBLEMS[code].status !== 401) return undefined;
  const error = code === "token_missing" ? "" : ` error="invalid_token", error_description="${code}",`;
  return `Bearer${error} realm="mls-key-directory"`;
}
