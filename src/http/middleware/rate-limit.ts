import { createMiddleware } from "hono/factory";
import { RATE_LIMIT_PERIOD_SECONDS } from "../../config/limits.ts";
import type { AppEnv } from "../bindings.ts";
import { problem } from "../wire/problem-details.ts";

/**
 * The platform's own limit on the requests of one user, where the deployment binds it: a second line behind the budgets,
 * which are exact. It counts in each location by itself, and what it lets through is not a promise.
 */
export const rateLimit = createMiddleware<AppEnv>(async function rateLimit(c, next) {
  const limiter = c.env.RATE_LIMIT;
  if (!limiter || (await limiter.limit({ key: c.get("principal").user })).success) return next();
  const detail = `expected fewer requests of this user, got more than the deployment allows in ${RATE_LIMIT_PERIOD_SECONDS} seconds`;
  return problem(c, { code: "too_many_requests", detail, retryAfterSeconds: RATE_LIMIT_PERIOD_SECONDS });
});
