/** What anybody may read: the policy, the description of the API, a page for people, a sign of life. */
import { Hono } from "hono";
import { POLICY_CACHE_SECONDS } from "../../limits.ts";
import type { AppEnv } from "../bindings.ts";
import { docsPage } from "../docs-page.ts";
import { jsonWithETag } from "../etag.ts";
import openapi from "../openapi.json" with { type: "json" };
import { describePolicy } from "../policy.ts";

const PUBLIC = `public, max-age=${POLICY_CACHE_SECONDS}`;

export const service = new Hono<AppEnv>()
  .get("/v1/policy", (c) => jsonWithETag(c, describePolicy(c.env), PUBLIC))
  .get("/openapi.json", (c) => jsonWithETag(c, openapi, PUBLIC))
  .get("/docs", (c) =>
    c.html(docsPage(openapi), 200, {
      "Cache-Control": PUBLIC,
      "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    }),
  )
  .get("/healthz", (c) => c.json({ status: "ok" }));
