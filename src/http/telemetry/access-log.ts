import { createMiddleware } from "hono/factory";
import { routePath } from "hono/route";
import { writePoint } from "../../shared/data-points.ts";
import type { AppEnv } from "../bindings.ts";

/**
 * One line of JSON for each request, and a data point that says the same in numbers. It names the route by its pattern: paths hold user identifiers. No token, no key
 * material and no body ever reaches it.
 */
export const accessLog = createMiddleware<AppEnv>(async function accessLog(c, next) {
  const startedAt = Date.now();
  await next();
  const ms = Date.now() - startedAt;
  const { method } = c.req;
  const { status } = c.res;
  const [route, problem] = [routePath(c, -1), c.get("problem")];
  console.log(
    JSON.stringify({
      event: "request",
      request_id: c.get("requestId"),
      method,
      route,
      status,
      problem,
      authentication: c.get("authenticationFailure"),
      outcomes: c.get("outcomes"),
      ms,
    }),
  );
  writePoint(c.env.METRICS, "request", { method, route, status: String(status), problem: problem ?? "", count: 1, ms });
});
