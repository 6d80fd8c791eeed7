import { createMiddleware } from "hono/factory";
import { MAX_URL_CHARACTERS } from "../../config/limits.ts";
import type { AppEnv } from "../bindings.ts";
import { problem } from "../wire/problem-details.ts";

/** Before anything looks at the path: what the platform would not pass on is refused where the platform is another. */
export const urlLimit = createMiddleware<AppEnv>(async function urlLimit(c, next) {
  if (c.req.url.length <= MAX_URL_CHARACTERS) return next();
  const detail = `expected a URL of at most ${MAX_URL_CHARACTERS} characters, got ${c.req.url.length}`;
  return problem(c, { code: "uri_too_long", detail });
});
