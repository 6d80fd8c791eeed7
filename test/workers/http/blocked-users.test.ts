/** A user whom an operator has blocked opens nothing, until the block is lifted or over. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { MAX_BLOCKED_CALLERS, ORDERS_CACHE_MS } from "../../../src/config/limits.ts";
import { isBlocked, rememberOrders } from "../../../src/http/upstream/standing-orders.ts";
import { poolIdOf, recordsOf } from "../../../src/pool/address.ts";
import { ADMIN, DATA, REVOKE, token } from "../support/auth.ts";
import { START_MS } from "../support/clock.ts";
import { type Call, call, claimer, freshName, type Json, registeredOwner } from "../support/http.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const olga = await token({ user: "olga", client: undefined, scope: ADMIN });
const as = (method: string, path: string, options: Call = {}) =>
  call(method, `/v1/admin${path}`, { token: olga, ...options });
const now = START_MS / 1000;

test("none of its tokens opens a route, whatever their scope and client, and nobody else is concerned", async () => {
  const [owner, other] = [await registeredOwner(), await registeredOwner()];
  await other.publish(other.forgeMany(2));
  const blocked = await as("PUT", `/users/${owner.user}/block`, { body: {}, reason: "drains others" });
  expect(blocked.json).toEqual({ user: owner.user, until: null, holds_everywhere_at: now + 120 });
  const claiming = await claimer(owner.user, "tablet");
  const refused = await claiming.claim(other.user);
  expect([refused.status, refused.json.code]).toEqual([403, "caller_blocked"]);
  expect((await owner.as("GET", "/inventory")).json.code).toBe("caller_blocked");
  const own = await token({ user: owner.user, scope: DATA });
  expect((await call("GET", `/v1/users/${owner.user}/data`, { token: own })).json.code).toBe("caller_blocked");
  const sibling = await token({ user: owner.user, scope: REVOKE });
  expect((await call("POST", `${owner.path}/revocation`, { token: sibling })).json.code).toBe("caller_blocked");
  expect((await other.inventory())[0].available).toBe(2);
  expect((await (await claimer()).claim(other.user)).json.status).toBe("ok");
  const { json } = await as("GET", "/blocked-users");
  expect(json.blocked).toContainEqual({
    pool: poolIdOf(env, owner.user),
    since: now,
    until: null,
    why: "drains others",
  });

  expect((await as("DELETE", `/users/${owner.user}/block`)).json).toEqual({ user: owner.user, was_blocked: true });
  expect((await as("DELETE", `/users/${owner.user}/block`)).json.was_blocked).toBe(false);
  expect((await claiming.claim(other.user)).json.status).toBe("ok");
  expect((await as("GET", `/audit-trail?user=${owner.user}`)).json.records.map((one: Json) => one.operation)).toEqual([
    "unblockUser",
    "unblockUser",
    "blockUser",
  ]);
});

test("a block ends at its time, and must end in the future", async () => {
  const owner = await registeredOwner();
  expect((await as("PUT", `/users/${owner.user}/block`, { body: { until: now } })).json.code).toBe("invalid_request");
  await as("PUT", `/users/${owner.user}/block`, { body: { until: now + 60 } });
  expect((await owner.as("GET", "/inventory")).json.code).toBe("caller_blocked");
  vi.setSystemTime(START_MS + 60_000);
  expect((await owner.as("GET", "/inventory")).status).toBe(200);
  expect((await as("GET", "/blocked-users")).json.blocked).not.toContainEqual(
    expect.objectContaining({ pool: poolIdOf(env, owner.user) }),
  );
});

test("an operator cannot lock operators out", async () => {
  await as("PUT", "/users/olga/block", { body: {} });
  expect((await as("GET", "/blocked-users")).status).toBe(200);
  await as("DELETE", "/users/olga/block");
});

test("another isolate hears of it within its cache span, beside a request", async () => {
  const owner = await registeredOwner();
  const pool = poolIdOf(env, owner.user);
  // As another isolate would have written it.
  await recordsOf(env).block({ pool, since: now, until: undefined, why: "elsewhere" });
  expect((await owner.as("GET", "/inventory")).status).toBe(200);
  vi.setSystemTime(START_MS + ORDERS_CACHE_MS);
  const fresh = await token({ user: owner.user });
  const ask = () => call("GET", `${owner.path}/inventory`, { token: fresh });
  await ask();
  await vi.waitUntil(() => isBlocked(env, owner.user, now));
  expect((await ask()).json.code).toBe("caller_blocked");
});

test("a list that cannot be read leaves the old one in force", async () => {
  const owner = await registeredOwner();
  await as("PUT", `/users/${owner.user}/block`, { body: {} });
  vi.spyOn(env.OPERATOR_RECORDS, "getByName").mockImplementation(() => {
    throw new Error("the object is gone");
  });
  expect((await as("GET", "/blocked-users")).json.code).toBe("operator_records_unavailable");
  expect((await owner.as("GET", "/inventory")).json.code).toBe("caller_blocked");
});

test("the list is bounded, and makes room for what is over", async () => {
  const user = freshName("one too many");
  const records = recordsOf(env);
  const blockOf = (index: number, until?: number) => ({ pool: `pool-${index}`, since: now, until, why: "many" });
  await runInDurableObject(records as unknown as DurableObjectStub, (_, { storage }) => {
    storage.sql.exec(
      `DELETE FROM blocked_callers;
       INSERT INTO blocked_callers (pool, since, until, why)
         WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 1)
         SELECT 'pool-' || i, ?2, CASE WHEN i = 0 THEN ?2 + 1 END, 'many' FROM n`,
      MAX_BLOCKED_CALLERS,
      now,
    );
  });
  const path = `/users/${encodeURIComponent(user)}/block`;
  const refused = await as("PUT", path, { body: {} });
  expect([refused.status, refused.json.code]).toEqual([422, "too_many_blocked_callers"]);
  // Whoever is blocked already can be blocked until another time.
  expect(await records.block(blockOf(1, now + 5))).toBe(true);
  vi.setSystemTime(START_MS + 2_000);
  expect((await as("PUT", path, { body: {} })).status).toBe(200);
  await runInDurableObject(records as unknown as DurableObjectStub, (_, { storage }) => {
    storage.sql.exec("DELETE FROM blocked_callers");
  });
  rememberOrders({ blocked: [], keyMarks: [] });
});
