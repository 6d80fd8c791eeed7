import { createMiddleware } from "hono/factory";
import { deploymentOf } from "../../config/deployment.ts";
import { directoryOf } from "../../directory/shards.ts";
import type { AppEnv } from "../bindings.ts";

/**
 * Closes every route, health included, while a setting cannot be read or names a database that is not bound: the error
 * handler names the setting.
 */
export const readEnvironment = createMiddleware<AppEnv>(async function readEnvironment(c, next) {
  c.set("deployment", deploymentOf(c.env));
  c.set("directory", directoryOf(c.env));
  return next();
});
