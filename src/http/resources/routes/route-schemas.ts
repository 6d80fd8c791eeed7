import * as z from "zod/mini";
import { MAX_ROUTE_REFS, MAX_ROUTE_USERS } from "../../../config/limits.ts";
import { base64url, base64urlText, identifier, name, named, unixSeconds } from "../../wire/common-schemas.ts";

export const routesRequest = z.strictObject({
  key_package_refs: z.array(base64urlText).check(z.minLength(1), z.maxLength(MAX_ROUTE_REFS)),
  users: z.optional(z.array(identifier).check(z.maxLength(MAX_ROUTE_USERS))),
});

export const routesAnswer = /* @__PURE__ */ named(
  "RoutesAnswer",
  "The references that name a package which has not ended, each once, in the order of the request; the others are unknown here.",
  () =>
    z.strictObject({
      routes: z.array(
        z.strictObject({ key_package_ref: base64url, user: identifier, client: identifier, not_after: unixSeconds }),
      ),
    }),
);

/** For the description. */
export function nameRouteRequests(): void {
  name(
    routesRequest,
    "RoutesRequest",
    `Up to ${MAX_ROUTE_REFS} references, as a Welcome has them. \`users\`: up to ${MAX_ROUTE_USERS} users whose packages they may be; theirs are found whether or not the claim asked for a route.`,
  );
}
