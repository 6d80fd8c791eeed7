/** Whom a Welcome is for: from references to users and clients, by routes that were kept and by pools that are asked. */
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { app } from "../../../src/http/app.ts";
import { ADMIN, CLAIM, ROUTES, token } from "../support/auth.ts";
import { call, freshName, type Json, ORIGIN, registeredOwner } from "../support/http.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const delivery = await token({ user: "delivery", client: undefined, scope: ROUTES });

/** The Worker of a deployment that keeps routes. */
async function ask(path: string, bearer: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const init = {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${bearer}`, ...headers },
    body: JSON.stringify(body),
  };
  const answer = await app.fetch(new Request(ORIGIN + path, init), { ...env, WELCOME_ROUTES: "on-request" });
  return { status: answer.status, json: (await answer.json()) as Json };
}

const routes = (refs: readonly string[], users?: readonly string[]) =>
  ask("/v1/routes", delivery, { key_package_refs: refs, ...(users && { users }) });

async function stocked(client?: string, user?: string) {
  const owner = await registeredOwner(user, client);
  await owner.publish(owner.forgeMany(2));
  return owner;
}

async function claimed(user: string, body: object = { route: true }, key = crypto.randomUUID()) {
  const bearer = await token({ user: freshName("claimer"), client: "laptop", scope: CLAIM });
  return ask(`/v1/users/${user}/claims`, bearer, body, { "Idempotency-Key": key });
}

const refsOf = (json: Json): string[] => json.clients.map((client: Json) => client.key_package_ref);

const rows = async (user: string) =>
  (await env.DB.prepare("SELECT client, not_after FROM routes WHERE user = ? ORDER BY client").bind(user).all())
    .results as { client: string; not_after: number }[];

test("a claim with route is found by its references alone, each client by its own", async () => {
  const { user } = await stocked();
  await stocked("tablet", user);
  const { json } = await claimed(user);
  const [phone, tablet] = json.clients as Json[];
  const [one, two] = refsOf(json);
  expect((await routes(["AAAA", two ?? "", one ?? "", two ?? ""])).json).toEqual({
    routes: [
      { key_package_ref: two, user, client: tablet.client, not_after: tablet.not_after },
      { key_package_ref: one, user, client: phone.client, not_after: phone.not_after },
    ],
  });
});

test("a claim without it writes nothing, and is found where the user is named", async () => {
  const { user } = await stocked();
  const { json } = await claimed(user, {});
  const [ref = ""] = refsOf(json);
  expect(await rows(user)).toEqual([]);
  expect((await routes([ref])).json).toEqual({ routes: [] });
  const found = { key_package_ref: ref, user, client: "phone", not_after: json.clients[0].not_after };
  expect((await routes([ref], [freshName("nobody"), user])).json).toEqual({ routes: [found] });
  // Where no routes are kept, that is the way that is left.
  const body = { key_package_refs: [ref], users: [user] };
  expect((await call("POST", "/v1/routes", { token: delivery, body })).json).toEqual({ routes: [found] });
});

test("many users at once leave a route for each package", async () => {
  const owners = [await stocked(), await stocked()];
  const bearer = await token({ user: freshName("claimer"), client: "laptop", scope: CLAIM });
  const body = { users: owners.map(({ user }) => user), route: true };
  const { json } = await ask("/v1/claims", bearer, body, { "Idempotency-Key": "many" });
  const refs = json.users.flatMap((user: Json) => refsOf(user));
  const found = (await routes(refs)).json.routes;
  expect(found.map((route: Json) => route.user)).toEqual(owners.map(({ user }) => user));
});

test("if the directory fails the claim says so, and the same request again brings packages and routes", async () => {
  const { user } = await stocked();
  const bearer = await token({ user: freshName("claimer"), client: "laptop", scope: CLAIM });
  const claim = () => ask(`/v1/users/${user}/claims`, bearer, { route: true }, { "Idempotency-Key": "again" });
  const broken = vi.spyOn(env.DB, "batch").mockRejectedValue(new Error("D1_ERROR: broken"));
  const failed = await claim();
  expect([failed.status, failed.json.code]).toEqual([503, "directory_unavailable"]);
  broken.mockRestore();
  const again = await claim();
  expect(again.json.status).toBe("ok");
  expect((await routes(refsOf(again.json))).json.routes).toMatchObject([{ user, client: "phone" }]);
  // A third time changes nothing.
  await claim();
  expect(await rows(user)).toHaveLength(1);
});

test("routes end with their packages, and those that have ended make room", async () => {
  const { user } = await stocked();
  const insert = "INSERT INTO routes (week, ref, user, client, not_after) VALUES (?, ?, ?, 'phone', ?)";
  const now = Math.floor(Date.now() / 1000);
  const week = Math.floor(now / 604_800);
  await env.DB.prepare(insert).bind(week, Uint8Array.of(1), user, now).run();
  await env.DB.prepare(insert)
    .bind(week - 1, Uint8Array.of(2), user, now - 604_800)
    .run();
  await env.DB.prepare(insert)
    .bind(week, Uint8Array.of(3), user, now + 1000)
    .run();
  expect((await routes(["AQ", "Ag", "Aw"])).json.routes).toMatchObject([{ key_package_ref: "Aw" }]);
  await claimed(user);
  const left = await rows(user);
  expect(left.map((row) => row.not_after).includes(now - 604_800)).toBe(false);
  expect(left).toHaveLength(3);
});

test("routes go with the user who is erased", async () => {
  const { user } = await stocked();
  const { json } = await claimed(user);
  expect(await rows(user)).toHaveLength(1);
  const operator = await token({ user: "olga", client: undefined, scope: ADMIN });
  expect((await call("DELETE", `/v1/admin/users/${user}/data`, { token: operator })).status).toBe(200);
  expect(await rows(user)).toEqual([]);
  expect((await routes(refsOf(json), [user])).json).toEqual({ routes: [] });
});

test("a call is bounded in references and users", async () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `u${i}`);
  expect((await routes(Array(101).fill("AAAA"))).json.code).toBe("too_many_refs");
  expect((await routes(["AAAA"], many(21))).json.code).toBe("too_many_users");
  expect((await routes(["a+b"])).json.code).toBe("invalid_base64");
});

test("what a route costs: two rows of D1, and none for the same again", async () => {
  const written: number[] = [];
  const batch = env.DB.batch.bind(env.DB);
  vi.spyOn(env.DB, "batch").mockImplementation(async (statements) => {
    const results = await batch(statements);
    written.push(results.reduce((sum, { meta }) => sum + meta.rows_written, 0));
    return results as never;
  });
  const { user } = await stocked();
  written.length = 0;
  const bearer = await token({ user: freshName("claimer"), client: "laptop", scope: CLAIM });
  const claim = () => ask(`/v1/users/${user}/claims`, bearer, { route: true }, { "Idempotency-Key": "cost" });
  await claim();
  await claim();
  expect(written).toEqual([2, 0]);
});
