import { waitUntil } from "cloudflare:workers";
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../bindings.ts";
import { refreshBlocked } from "../upstream/blocked-callers.ts";

/** Has the list of blocked callers read again when it is time for that, beside the request. */
export const freshBlockedCallers = createMiddleware<AppEnv>(async function freshBlockedCallers(c, next) {
  refreshBlocked(c.env, waitUntil);
  return next();
});
