import { createMiddleware } from "hono/factory";
import { routePath } from "hono/route";
import type { AppEnv } from "../bindings.ts";

/**
 * One line of JSON for each request. It names the route by its pattern: paths hold user identifiers. No token, no key
 * material and no body ever reaches it.
 */
export const accessLog = createMiddleware<AppEnv>(async function accessLog(c, next) {
  const startedAt = Date.now();
  await next();
  console.log(
    JSON.stringify({
      event: "request",
      request_id: c.get("requestId"),
      method: c.req.method,
      route: routePath(c, -1),
      status: c.res.status,
      problem: c.get("problem"),
      authentication: c.get("authenticationFailure"),
      outcomes: c.get("outcomes"),
      ms: Date.now() - startedAt,
    }),
  );
});
