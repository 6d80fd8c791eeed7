import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../bindings.ts";

const HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

/** Answers are data, not pages; a route that serves a page sets its own Content-Security-Policy. */
export const secureHeaders = createMiddleware<AppEnv>(async function secureHeaders(c, next) {
  await next();
  for (const [name, value] of Object.entries(HEADERS)) {
    if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  }
  // What is not marked as public is nobody else's business, problems included.
  if (!c.res.headers.has("Cache-Control")) c.res.headers.set("Cache-Control", "no-store");
});
