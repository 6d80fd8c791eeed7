import { createMiddleware } from "hono/factory";
import { pathIdentifier } from "../../shared/identifier.ts";
import type { AppEnv } from "../bindings.ts";
import { problem } from "../refusals/refusal.ts";

/** After `authenticate`: the token's user and client are those of the path, or nothing happens. */
export const owner = createMiddleware<AppEnv>(async function owner(c, next) {
  const user = pathIdentifier(c.req.path, "users");
  const client = pathIdentifier(c.req.path, "clients");
  if (user === undefined || client === undefined) return problem(c, { code: "invalid_identifier" });
  const principal = c.get("principal");
  if (principal.user !== user || principal.client !== client) return problem(c, { code: "not_owner" });
  c.set("owned", { user, client });
  return next();
});
