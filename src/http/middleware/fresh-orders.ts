import { waitUntil } from "cloudflare:workers";
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../bindings.ts";
import { refreshOrders } from "../upstream/standing-orders.ts";

/** Has what operators ordered read again when it is time for that, beside the request. */
export const freshOrders = createMiddleware<AppEnv>(async function freshOrders(c, next) {
  refreshOrders(c.env, waitUntil);
  return next();
});
