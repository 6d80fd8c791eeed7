import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../bindings.ts";

/** Names each request. Always by a name of our own: one that the caller chose would stand in our logs. */
export const requestId = createMiddleware<AppEnv>(async function requestId(c, next) {
  const id = crypto.randomUUID();
  c.set("requestId", id);
  await next();
  c.res.headers.set("X-Request-Id", id);
});
