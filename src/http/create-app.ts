/** The HTTP face of the directory: middleware in its order, then a route for each operation. */
import type { Hono } from "hono";
import { HonoBase } from "hono/hono-base";
import { methodNotAllowed } from "hono/method-not-allowed";
import { TrieRouter } from "hono/router/trie-router";
import { SettingError } from "../config/settings.ts";
import { log } from "../shared/log.ts";
import type { AppEnv } from "./bindings.ts";
import type { Extras } from "./extras.ts";
import { cors } from "./middleware/cors.ts";
import { activity } from "./middleware/count-activity.ts";
import { freshOrders } from "./middleware/fresh-orders.ts";
import { freshRestoreEpoch } from "./middleware/fresh-restore-epoch.ts";
import { readEnvironment } from "./middleware/read-environment.ts";
import { requestId } from "./middleware/request-id.ts";
import { secureHeaders } from "./middleware/secure-headers.ts";
import { urlLimit } from "./middleware/url-limit.ts";
import { OPERATIONS } from "./resources/all-operations.ts";
import { route } from "./route.ts";
import { accessLog } from "./telemetry/access-log.ts";
import { problem } from "./wire/problem-details.ts";
import { shownText } from "./wire/shown-value.ts";

/** The whole app of a build of the Worker. */
export function createApp(extras: Extras): Hono<AppEnv> {
  const app = new HonoBase<AppEnv>({
    // The one that methodNotAllowed needs too; the default has three, and loads them all.
    router: new TrieRouter(),
    // Paths are matched as they were sent: identifiers are decoded once, by pathIdentifier and nothing before it.
    getPath: (request) => new URL(request.url).pathname,
  });

  app.use(
    requestId,
    accessLog,
    secureHeaders,
    urlLimit,
    readEnvironment(extras),
    activity,
    cors,
    freshRestoreEpoch,
    freshOrders,
  );
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) =>
        problem(
          c,
          { code: "method_not_allowed", detail: `expected ${methods.join(" or ")}, got ${shownText(c.req.method)}` },
          { Allow: methods.join(", ") },
        ),
    }),
  );

  const { operations = [], instead } = extras.claimCapabilities ?? {};
  for (const operation of [...OPERATIONS, ...operations]) route(app, operation, instead);

  app.notFound((c) => {
    const detail = `expected a path of /openapi.json, got ${shownText(c.req.path)}`;
    return problem(c, { code: "route_not_found", detail });
  });

  app.onError((error, c) => {
    if (error instanceof SettingError) return problem(c, { code: "setting_invalid", detail: unreadable(error) });
    const { name, message, stack } = error;
    log.error("fault", { request_id: c.get("requestId"), name, message, stack });
    return problem(c, { code: "internal_error", detail: "expected an answer, got a fault that the log tells of" });
  });
  return app;
}

const unreadable = ({ message }: SettingError): string => `expected settings that can be read, got: ${message}`;
