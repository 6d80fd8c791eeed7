import { createMiddleware } from "hono/factory";
import { pathIdentifier } from "../../shared/identifier.ts";
import type { AppEnv } from "../bindings.ts";
import { problem } from "../refusals/refusal.ts";

/** The user of the path, whoever asks. */
export const targetUser = createMiddleware<AppEnv>(async function targetUser(c, next) {
  const user = pathIdentifier(c.req.path, "users");
  if (user === undefined) return problem(c, { code: "invalid_identifier" });
  c.set("target", user);
  return next();
});
