import { cors as honoCors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { allowsOrigin } from "../../config/cors-origins.ts";
import { CORS_MAX_AGE_SECONDS } from "../../config/limits.ts";
import { REASON_HEADER } from "../audited.ts";
import type { AppEnv } from "../bindings.ts";

/** Tokens are sent in a header that the page sets, never by the browser itself: no credentials mode, and no cookies. */
const answerOrigins = honoCors({
  origin: (origin, c) => (allowsOrigin(c.get("deployment").corsOrigins, origin) ? origin : null),
  allowMethods: ["GET", "POST", "PUT", "DELETE"],
  allowHeaders: ["Accept", "Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", REASON_HEADER],
  exposeHeaders: [
    "Claim-Status",
    "Date",
    "ETag",
    "Idempotent-Replayed",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-Id",
  ],
  maxAge: CORS_MAX_AGE_SECONDS,
});

/**
 * Lets pages of the origins that the deployment names read the answers, and answers their preflights, which carry no
 * token and ask for OPTIONS: so before authentication, and before methods that a route lacks are refused.
 */
export const cors = createMiddleware<AppEnv>(async function cors(c, next) {
  return c.get("deployment").corsOrigins.length === 0 ? next() : answerOrigins(c, next);
});
