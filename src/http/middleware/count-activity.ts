import { waitUntil } from "cloudflare:workers";
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../bindings.ts";
import { noteClaims, noteRefusal, sendActivity } from "../telemetry/activity-counts.ts";

/** Counts for operators who claims and who is refused, unless the deployment has switched that off. */
export const activity = createMiddleware<AppEnv>(async function activity(c, next) {
  await next();
  if (!c.get("deployment").countsActivity) return;
  const principal = c.get("principal");
  if (!principal) return;
  const problem = c.get("problem");
  if (problem !== undefined) noteRefusal(principal.user, problem);
  noteClaims(principal.user, c.get("claimedFrom") ?? []);
  sendActivity(c.env, Date.now(), waitUntil);
});
