/** What anybody may read: the policy, the description of the API, a page for people, a sign of life. */
import { Hono } from "hono";
import { POLICY_CACHE_SECONDS } from "../../limits.ts";
import type { AppEnv } from "../bindings.ts";
import { jsonWithETag } from "../etag.ts";
import { describePolicy } from "../policy.ts";

const PUBLIC = `public, max-age=${POLICY_CACHE_SECONDS}`;

export const service = new Hono<AppEnv>()
  .get("/v1/policy", (c) => jsonWithETag(c, describePolicy(c.env), PUBLIC))
  .get("/healthz", (c) => c.json({ status: "ok" }));
