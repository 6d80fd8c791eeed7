/** The HTTP face of the directory: middleware in its order, then one file of routes for each resource. */
import { Hono } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { SettingError } from "../config/settings.ts";
import type { AppEnv } from "./bindings.ts";
import { requestId } from "./middleware/request-id.ts";
import { secureHeaders } from "./middleware/secure-headers.ts";
import { urlLimit } from "./middleware/url-limit.ts";
import { problem } from "./refusals/refusal.ts";
import { admin } from "./resources/admin/routes.ts";
import { claims } from "./resources/claims/routes.ts";
import { clients } from "./resources/clients/routes.ts";
import { keyPackages } from "./resources/key-packages/routes.ts";
import { service } from "./resources/service/routes.ts";
import { stock } from "./resources/stock/routes.ts";
import { users } from "./resources/users/routes.ts";
import { accessLog } from "./telemetry/access-log.ts";

// Paths are matched as they were sent: identifiers are decoded once, by pathIdentifier and nobody before it.
export const app = new Hono<AppEnv>({ getPath: (request) => new URL(request.url).pathname });

app.use(requestId, accessLog, secureHeaders, urlLimit);
app.use(
  methodNotAllowed({
    app,
    onMethodNotAllowed: (c, methods) =>
      problem(
        c,
        { code: "method_not_allowed", detail: `it takes ${methods.join(", ")}` },
        { Allow: methods.join(", ") },
      ),
  }),
);

app.route("/", clients);
app.route("/", keyPackages);
app.route("/", stock);
app.route("/", users);
app.route("/", claims);
app.route("/", admin);
app.route("/", service);

app.notFound((c) => problem(c, { code: "route_not_found" }));

app.onError((error, c) => {
  if (error instanceof SettingError) return problem(c, { code: "setting_invalid", detail: error.message });
  const { name, message, stack } = error;
  console.error(JSON.stringify({ event: "fault", request_id: c.get("requestId"), name, message, stack }));
  return problem(c, { code: "internal_error" });
});
