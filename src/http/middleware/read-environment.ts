import { createMiddleware } from "hono/factory";
import { deploymentOf } from "../../config/deployment.ts";
import { directoryOf } from "../../directory/shards.ts";
import type { AppEnv } from "../bindings.ts";
import type { Extras } from "../extras.ts";

/**
 * Closes every route, health included, while a setting cannot be read, asks for what this build lacks, or names a
 * database that is not bound: the error handler names the setting.
 */
export const readEnvironment = ({ build, cryptoProviders }: Extras) =>
  createMiddleware<AppEnv>(async function readEnvironment(c, next) {
    const deployment = deploymentOf(c.env, build);
    c.set("deployment", deployment);
    c.set("crypto", cryptoProviders[deployment.cryptoProvider]);
    c.set("directory", directoryOf(c.env));
    return next();
  });
