/** Routes of claimed packages, for the Welcome that follows: written with the claim that asks for them. */
import type { Context } from "hono";
import type { Deployment } from "../../../config/deployment.ts";
import { type ClientClaim, packagesOf } from "../../../contract/claim-messages.ts";
import { type Route, writeRoutes } from "../../../directory/routes.ts";
import { unixSeconds } from "../../../shared/time.ts";
import type { AppEnv } from "../../bindings.ts";
import { ok, type Result, refuse } from "../../refusals/refusal.ts";
import { readDirectory } from "../../upstream/bounded-directory.ts";

/**
 * Whether a claim may ask for routes as it does. Only under an idempotency key: if the directory fails after the packages
 * were taken, the same request brings them again.
 */
export function checkRouted(
  { keepsRoutes }: Pick<Deployment, "keepsRoutes">,
  route: boolean | undefined,
  idempotencyKey: string | undefined,
): Result<undefined> {
  if (route !== true) return ok(undefined);
  if (!keepsRoutes) return refuse("routes_not_kept", "expected a claim without route, as none are kept here, got one");
  if (idempotencyKey !== undefined) return ok(undefined);
  return refuse("idempotency_key_missing", "expected an Idempotency-Key beside route, got none");
}

/** Whose the packages are that a user's clients gave. */
export const routesOf = (user: string, clients: readonly ClientClaim[]): readonly Route[] =>
  clients.flatMap((claim) =>
    packagesOf(claim).map(({ keyPackageRef: ref, notAfter }) => ({ ref, user, client: claim.client, notAfter })),
  );

/** Writes the routes. A claim that is repeated writes them again, which changes nothing. */
export async function keepRoutes(c: Context<AppEnv>, routes: readonly Route[]): Promise<Result<unknown>> {
  if (routes.length === 0) return ok(undefined);
  return readDirectory(() => writeRoutes(c.get("directory"), routes, unixSeconds(Date.now())));
}
