/** Whom a Welcome is for: from the references in it to users and clients, for a delivery service. */
import type { Context } from "hono";
import { CLAIM_CONCURRENT_POOLS, LIST_BODY_BYTES, MAX_ROUTE_REFS, MAX_ROUTE_USERS } from "../../../config/limits.ts";
import { findRoutes, type Route } from "../../../directory/routes.ts";
import { toBase64Url } from "../../../shared/base64url.ts";
import { mapConcurrent } from "../../../shared/map-concurrent.ts";
import { unixSeconds } from "../../../shared/time.ts";
import type { AppEnv } from "../../bindings.ts";
import { type Descriptions, operation } from "../../operation.ts";
import { ok, type Result, refuse } from "../../refusals/refusal.ts";
import { readDirectory } from "../../upstream/bounded-directory.ts";
import { poolClient } from "../../upstream/pool-client.ts";
import { listBound } from "../../wire/read-json.ts";
import { readRefs } from "../../wire/read-refs.ts";
import { routesAnswer, routesRequest } from "./route-schemas.ts";

export const routes = [
  operation({
    id: "findRoutes",
    method: "POST",
    path: "/v1/routes",
    access: "router",
    body: {
      json: routesRequest,
      maxBytes: () => LIST_BODY_BYTES,
      lists: () => [
        listBound("key_package_refs", MAX_ROUTE_REFS, "too_many_refs", "references"),
        listBound("users", MAX_ROUTE_USERS, "too_many_users", "users"),
      ],
    },
    needs: "pool",
    handle: async ({ body }, c) => {
      const read = readRefs("key_package_refs", body.key_package_refs, MAX_ROUTE_REFS);
      if (!read.ok) return read;
      const users = [...new Set(body.users ?? [])];
      if (users.length > MAX_ROUTE_USERS) {
        return refuse("too_many_users", `expected at most ${MAX_ROUTE_USERS} users, got ${users.length}`);
      }
      const refs = new Map(read.value.map((ref) => [toBase64Url(ref), ref]));
      const found = await routesTo(c, refs, users);
      if (!found.ok) return found;
      const answer = [...refs.keys()].flatMap((ref) => {
        const route = found.value.get(ref);
        return route
          ? [{ key_package_ref: ref, user: route.user, client: route.client, not_after: route.notAfter }]
          : [];
      });
      return ok(c.json({ routes: answer }, 200, { "Cache-Control": "no-store" }));
    },
  }),
];

export const routesDescribed = (): Descriptions => ({
  findRoutes: {
    summary: "Whose packages these references name, until the packages end.",
    answers: [{ status: 200, description: "What is known of them.", json: routesAnswer }],
    problems: ["invalid_base64", "too_many_refs", "too_many_users", "directory_unavailable"],
  },
});

type Refs = ReadonlyMap<string, Uint8Array>;

/** Routes that were kept, if any are here; and for the references that are left the pools of the users. */
async function routesTo(
  c: Context<AppEnv>,
  refs: Refs,
  users: readonly string[],
): Promise<Result<ReadonlyMap<string, Route>>> {
  const { keepsRoutes } = c.get("deployment");
  const found = new Map<string, Route>();
  if (keepsRoutes) {
    const now = unixSeconds(Date.now());
    const kept = await readDirectory(() => findRoutes(c.get("directory"), [...refs.values()], now));
    if (!kept.ok) return kept;
    for (const route of kept.value) found.set(toBase64Url(route.ref), route);
  }
  const left = [...refs].flatMap(([text, ref]) => (found.has(text) ? [] : [ref]));
  if (left.length === 0) return ok(found);
  const located = await mapConcurrent(users, CLAIM_CONCURRENT_POOLS, async (user) => ({
    user,
    answer: await poolClient(c.env, user).locate({ refs: left }),
  }));
  for (const { user, answer } of located) {
    if (!answer.ok && answer.error.code !== "unknown_user") return answer;
    for (const one of answer.ok ? answer.value.packages : []) found.set(toBase64Url(one.ref), { user, ...one });
  }
  return ok(found);
}
