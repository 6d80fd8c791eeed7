import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../bindings.ts";

const HEADERS = Object.entries({
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "Strict-Transport-Security": "max-age=31536000",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
});

/** Answers are data, not pages; a route that serves a page sets its own Content-Security-Policy. */
const CONTENT_SECURITY_POLICY = "default-src 'none'; frame-ancestors 'none'";

export const secureHeaders = createMiddleware<AppEnv>(async function secureHeaders(c, next) {
  await next();
  // Headers live outside of JavaScript: each look at them costs as much as parsing a small request.
  const { headers } = c.res;
  for (const [name, value] of HEADERS) headers.set(name, value);
  if (!headers.has("Content-Security-Policy")) headers.set("Content-Security-Policy", CONTENT_SECURITY_POLICY);
  // An answer that is not marked as public is for its caller alone, problems included.
  if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
});
