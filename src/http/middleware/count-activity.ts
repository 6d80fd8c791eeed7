import { waitUntil } from "cloudflare:workers";
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../bindings.ts";
import { noteClaims, noteRefusal, sendActivity } from "../telemetry/activity-counts.ts";

/** Counts for operators who claims and who is refused, and how much of that there is, unless the deployment has switched that off. */
export const activity = createMiddleware<AppEnv>(async function activity(c, next) {
  await next();
  if (!c.get("deployment").countsActivity) return;
  // Undefined without a good token, and where a claim capability served in place of one.
  const user = c.get("principal")?.user;
  const problem = c.get("problem");
  if (problem !== undefined) noteRefusal(user, problem);
  if (user !== undefined) noteClaims(user, c.get("claimedFrom") ?? []);
  sendActivity(c.env, Date.now(), waitUntil);
});
