import { createMiddleware } from "hono/factory";
import { deploymentOf } from "../../config/deployment.ts";
import type { AppEnv } from "../bindings.ts";

/** Closes every route, health included, while a setting cannot be read: the error handler names it. */
export const readEnvironment = createMiddleware<AppEnv>(async function readEnvironment(c, next) {
  c.set("deployment", deploymentOf(c.env));
  return next();
});
