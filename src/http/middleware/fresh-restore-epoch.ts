import { waitUntil } from "cloudflare:workers";
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../bindings.ts";
import { refreshRestoreEpoch } from "../upstream/restore-epoch-cache.ts";
import { epochPlaces } from "../upstream/restore-epoch-places.ts";

/** Has the restore epoch read again when it is time for that, beside the request: nothing waits for the directory. */
export const freshRestoreEpoch = createMiddleware<AppEnv>(async function freshRestoreEpoch(c, next) {
  const { restoreEpoch } = c.get("deployment").settings;
  refreshRestoreEpoch(epochPlaces(c.env, c.get("directory")), restoreEpoch, waitUntil);
  return next();
});
