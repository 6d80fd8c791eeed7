import { createMiddleware } from "hono/factory";
import { deploymentOf } from "../../config/deployment.ts";
import { directoryOf } from "../../directory/shards.ts";
import type { AppEnv } from "../bindings.ts";
import type { Extras } from "../extras.ts";
import { receiptsOf } from "./receipts-of.ts";
import { x509VerifierOf } from "./x509-verifiers.ts";

/**
 * Closes every route, health included, while a setting cannot be read, asks for what this build lacks, or names a
 * database that is not bound: the error handler names the setting.
 */
export const readEnvironment = (extras: Extras) =>
  createMiddleware<AppEnv>(async function readEnvironment(c, next) {
    const deployment = deploymentOf(c.env, extras.build);
    c.set("deployment", deployment);
    c.set("crypto", extras.cryptoProviders[deployment.cryptoProvider]);
    c.set("x509Verifier", () => x509VerifierOf(deployment, extras));
    c.set("receipts", () => receiptsOf(deployment, extras));
    c.set("directory", directoryOf(c.env));
    return next();
  });
