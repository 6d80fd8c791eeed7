/** What anybody may read: the policy, the description of the API, a page for people, a sign of life. */
import { Hono } from "hono";
import { POLICY_CACHE_SECONDS } from "../../../config/limits.ts";
import type { AppEnv } from "../../bindings.ts";
import openapi from "../../openapi/openapi.json" with { type: "json" };
import { answerTagged, type Tagged, tagged } from "../../wire/etag.ts";
import { docsPage } from "./docs-page.ts";
import { describePolicy } from "./policy.ts";

const PUBLIC = `public, max-age=${POLICY_CACHE_SECONDS}`;

/** The description as it is sent: large and always the same, so an isolate writes it once, when it is first asked for. */
let description: Tagged | undefined;

export const service = new Hono<AppEnv>()
  .get("/v1/policy", (c) => answerTagged(c, tagged(describePolicy(c.env)), PUBLIC))
  .get("/openapi.json", (c) => {
    description ??= tagged(openapi);
    return answerTagged(c, description, PUBLIC);
  })
  .get("/docs", (c) =>
    c.html(docsPage(openapi), 200, {
      "Cache-Control": PUBLIC,
      "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    }),
  )
  .get("/healthz", (c) => c.json({ status: "ok" }));
