import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { refsDigest } from "../../../src/shared/refs-digest.ts";
import { ADMIN, token } from "../support/auth.ts";
import { START_MS } from "../support/clock.ts";
import { base64url } from "../support/forge-for-now.ts";
import { type Call, call, claimer, freshName, type Json, registeredOwner } from "../support/http.ts";

const olga = await token({ user: "olga", client: undefined, scope: ADMIN });
const as = (method: string, path: string, options: Call = {}) =>
  call(method, `/v1/admin${path}`, { token: olga, ...options });

/** The rows of a user over all pages of a filter. */
async function stockOf(user: string, query: string): Promise<Json[]> {
  const rows: Json[] = [];
  let after: string | null = "";
  while (after !== null) {
    const page: Json = await as("GET", `/stock?limit=1&${query}${after && `&after=${encodeURIComponent(after)}`}`);
    rows.push(...page.json.rows);
    after = page.json.next;
  }
  return rows.filter((row) => row.user === user);
}

test("stock is listed by page: who is low, on the last resort, about to expire", async () => {
  const [low, last, expiring] = [await registeredOwner(), await registeredOwner(), await registeredOwner()];
  const inADay = BigInt(Math.floor(Date.now() / 1000) + 24 * 3600);
  await low.publish(low.forgeMany(2));
  await last.publish([last.forge({ lastResort: true })]);
  await expiring.publish([expiring.forge({ notAfter: inADay })]);
  expect(await stockOf(low.user, "filter=low")).toMatchObject([{ client: "phone", ciphersuite: 1, available: 2 }]);
  expect(await stockOf(last.user, "filter=last_resort_only")).toMatchObject([{ available: 0, last_resort: true }]);
  expect(await stockOf(low.user, "filter=last_resort_only")).toEqual([]);
  expect(await stockOf(expiring.user, "filter=expiring")).toMatchObject([{ next_expiry: Number(inADay) }]);
  expect(await stockOf(low.user, "filter=expiring")).toEqual([]);
  expect(await stockOf(low.user, "")).toHaveLength(1);
});

test("a filter or a page that is none is refused", async () => {
  for (const query of ["filter=some", "limit=0", "after=x", "after=%5B1%2C2%2C3%5D", "what=1"]) {
    expect((await as("GET", `/stock?${query}`)).json.code).toBe("invalid_request");
  }
});

test("users are listed by page", async () => {
  const owner = await registeredOwner();
  await registeredOwner();
  const first = await as("GET", "/users?limit=1");
  expect(first.json.users).toHaveLength(1);
  const names: string[] = [];
  for (let after = ""; ; ) {
    const { json } = await as("GET", `/users?limit=1${after && `&after=${encodeURIComponent(after)}`}`);
    names.push(...json.users);
    if (json.next === null) break;
    after = json.next;
  }
  expect(names).toContain(owner.user);
});

test("users are found by the beginning of their names, whatever characters are in them", async () => {
  const prefix = freshName("Zoë%_");
  const names = [prefix, `${prefix}-b`, `${prefix}\u{10FFFF}`];
  for (const name of [...names, prefix.slice(0, -1), prefix.toLowerCase()]) await registeredOwner(name);
  const query = `prefix=${encodeURIComponent(prefix)}`;
  expect((await as("GET", `/users?${query}`)).json).toEqual({ users: names, next: null });
  const first = await as("GET", `/users?${query}&limit=2`);
  expect(first.json.users).toEqual(names.slice(0, 2));
  expect((await as("GET", `/users?${query}&after=${first.json.next}`)).json).toEqual({
    users: names.slice(2),
    next: null,
  });
  expect((await as("GET", `/users?prefix=${encodeURIComponent(`${prefix}-c`)}`)).json.users).toEqual([]);
  expect((await as("GET", "/users?prefix=")).json.code).toBe("invalid_request");
});

test("an operator sees when a user last uploaded and was claimed from, who claimed, and which claims found nothing", async () => {
  const owner = await registeredOwner();
  const at = (second: number) => {
    vi.setSystemTime(START_MS + second * 1000);
    return START_MS / 1000 + second;
  };
  const uploaded = at(10);
  await owner.publish(owner.forgeMany(2));
  const tablet = await registeredOwner(owner.user, "tablet");
  const [bob, carol] = [await claimer(), await claimer()];
  at(20);
  await bob.claim(owner.user);
  const given = at(30);
  await bob.claim(owner.user);
  const missed = at(40);
  await carol.claim(owner.user);
  const incompatible = at(50);
  await carol.claim(owner.user, { ciphersuites: [2] });
  const { json } = await as("GET", `/users/${owner.user}`);
  expect(json.clients).toMatchObject([
    {
      client: "phone",
      // Nothing is left of what was uploaded.
      last_upload_at: uploaded,
      last_claimed_at: given,
      missed: [
        { reason: "incompatible", count: 1, last_at: incompatible },
        { reason: "exhausted", count: 1, last_at: missed },
      ],
    },
    { client: tablet.client, last_upload_at: null, last_claimed_at: null, missed: [{ reason: "exhausted", count: 4 }] },
  ]);
  const busiest = [
    { user: bob.user, claimed: 2, missed: 2 },
    { user: carol.user, claimed: 0, missed: 4 },
  ];
  expect([json.top_claimers_of_hour, json.top_claimers_of_day]).toEqual([busiest, busiest]);
  at(2 * 3_600);
  const fresh = await token({ user: "olga", client: undefined, scope: ADMIN });
  const later = (await as("GET", `/users/${owner.user}`, { token: fresh })).json;
  expect([later.top_claimers_of_hour, later.top_claimers_of_day]).toEqual([[], busiest]);
});

test("an operator reads the journal of a user, and of one client, also when it is revoked", async () => {
  const owner = await registeredOwner();
  const tablet = await registeredOwner(owner.user, "tablet");
  await owner.publish(owner.forgeMany(1));
  await tablet.publish(tablet.forgeMany(2));
  const bob = await claimer();
  await bob.claim(owner.user);
  await bob.claim(owner.user);
  await tablet.as("DELETE", "");
  const path = `/users/${owner.user}/journal`;
  const eventsOf = ({ json }: { json: Json }) => json.entries.map((entry: Json) => [entry.client, entry.event]);
  expect(eventsOf(await as("GET", path))).toEqual([
    ["phone", "claimed"],
    ["tablet", "claimed"],
    ["phone", "missed"],
    ["tablet", "claimed"],
  ]);
  expect(eventsOf(await as("GET", `${path}?client=tablet`))).toEqual([
    ["tablet", "claimed"],
    ["tablet", "claimed"],
  ]);
  // The entries of one claim stay together.
  const first = await as("GET", `${path}?limit=1`);
  expect(eventsOf(first)).toHaveLength(2);
  expect(eventsOf(await as("GET", `${path}?limit=1&after=${first.json.next}`))).toEqual([
    ["phone", "missed"],
    ["tablet", "claimed"],
  ]);
  expect((await as("GET", "/users/nobody/journal")).json.entries).toEqual([]);
});

test("the stock of one client is purged, and it may upload again", async () => {
  const owner = await registeredOwner();
  const tablet = await registeredOwner(owner.user, "tablet");
  await owner.publish(owner.forgeMany(2));
  await tablet.publish(tablet.forgeMany(1));
  const path = `/users/${owner.user}/clients/phone/key-packages`;
  expect((await as("DELETE", path)).json).toEqual({ user: owner.user, client: "phone", purged: 2 });
  expect((await as("DELETE", path)).json.purged).toBe(0);
  expect((await tablet.inventory())[0].available).toBe(1);
  expect((await owner.publish(owner.forgeMany(1))).json.results[0].ok).toBe(true);
  expect((await as("DELETE", `/users/${owner.user}/clients/watch/key-packages`)).json.code).toBe(
    "client_not_registered",
  );
});

test("an operator sees a user's pool, without packages", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(2));
  const { json } = await as("GET", `/users/${owner.user}`);
  expect(json).toMatchObject({
    user: owner.user,
    clients: [{ client: "phone", revoked: false, inventory: [{ available: 2 }] }],
  });
  expect(JSON.stringify(json)).not.toContain('key_package"');
  expect((await as("GET", "/users/nobody")).json.code).toBe("unknown_user");
});

test("a revoked user has nothing to give, and asking again changes nothing", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(2));
  expect((await as("DELETE", `/users/${owner.user}`)).json).toEqual({ user: owner.user, clients: 1, purged: 2 });
  expect((await as("DELETE", `/users/${owner.user}`)).json).toEqual({ user: owner.user, clients: 0, purged: 0 });
  expect((await (await claimer()).claim(owner.user)).json).toMatchObject({ status: "none", clients: [] });
});

test("a lost directory is written anew", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(2));
  await env.DB.prepare("DELETE FROM clients WHERE user = ?").bind(owner.user).run();
  const bob = await claimer();
  expect((await bob.peek(owner.user)).json.code).toBe("unknown_user");
  expect((await as("POST", `/users/${owner.user}/resync`)).json).toEqual({ user: owner.user, status: "delivered" });
  expect((await bob.peek(owner.user)).json.clients).toMatchObject([{ client: "phone", offers: [{ available: 2 }] }]);
});

test("a restore epoch voids what was stored before it, tells the owner, and never goes back", async () => {
  const owner = await registeredOwner();
  const old = [...owner.forgeMany(2), owner.forge({ lastResort: true })];
  await owner.publish(old);
  const later = START_MS + 10_000;
  vi.setSystemTime(later);
  const set = await as("POST", "/restore-epoch", { body: {} });
  expect(set.json.restore_epoch).toBe(later / 1000 + 1);
  expect((await as("GET", "/restore-epoch")).json).toEqual(set.json);
  const { json } = await (await claimer()).claim(owner.user);
  expect(json.clients[0].status).toBe("exhausted");
  expect((await owner.as("GET", "/inventory")).json).toMatchObject({
    inventory: [{ available: 0, last_resort: null, needs_upload: true }],
    restore_epoch: set.json.restore_epoch,
  });
  const held = old.map(base64url);
  const uploaded = await owner.as("POST", "/key-packages", { body: { key_packages: held } });
  expect(uploaded.json.results).toMatchObject(
    held.map(() => ({
      ok: false,
      code: expect.stringMatching(/^(before_restore_epoch|already_claimed|already_removed)$/),
    })),
  );
  const refs = uploaded.json.results.map((result: Json) => result.key_package_ref).toSorted();
  const digest = base64url(
    refsDigest(refs.map((ref: string) => Uint8Array.fromBase64(ref, { alphabet: "base64url" }))),
  );
  const differs = await owner.as("POST", "/reconcile", { body: { digest, refs } });
  expect([differs.status, differs.json.same, differs.json.restore_epoch]).toEqual([200, false, set.json.restore_epoch]);
  const missing = Map.groupBy(differs.json.missing_at_server as Json[], ({ reason }) => reason);
  expect([...missing.keys()]).toEqual(["unknown_since_restore"]);
  expect(
    missing
      .get("unknown_since_restore")
      ?.map((one) => one.key_package_ref)
      .toSorted(),
  ).toEqual(refs);
  vi.setSystemTime(later + 1000);
  expect((await owner.publish(owner.forgeMany(1))).json.restore_epoch).toBe(set.json.restore_epoch);
  expect((await (await claimer()).claim(owner.user)).json.clients[0].status).toBe("claimed");
  const older = await as("POST", "/restore-epoch", { body: { restore_epoch: 5 } });
  expect([older.status, older.json.restore_epoch]).toEqual([409, set.json.restore_epoch]);
  const future = { restore_epoch: set.json.restore_epoch + 3600 };
  expect((await as("POST", "/restore-epoch", { body: future })).json.code).toBe("invalid_request");
});

test("a dry run of a restore epoch says what it would void, and voids nothing", async () => {
  const owner = await registeredOwner();
  const sum = async (query: string) => {
    const total = { users: 0, users_affected: 0, one_time: 0, last_resorts: 0 };
    for (let after: string | null = ""; after !== null; ) {
      const { json }: { json: Json } = await as(
        "GET",
        `/restore-epoch/preview?limit=3${query && `&${query}`}${after && `&after=${after}`}`,
      );
      for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += json[name];
      after = json.next;
    }
    return total;
  };
  // After the epoch of the test before.
  vi.setSystemTime(START_MS + 60_000);
  const before = await sum("");
  await owner.publish([...owner.forgeMany(2), owner.forge({ lastResort: true })]);
  const after = await sum("");
  expect(after).toEqual({
    users: before.users,
    users_affected: before.users_affected + 1,
    one_time: before.one_time + 2,
    last_resorts: before.last_resorts + 1,
  });
  expect(await sum("restore_epoch=5")).toMatchObject({ users: before.users, users_affected: 0, one_time: 0 });
  expect((await owner.inventory())[0]).toMatchObject({ available: 2, last_resort: {} });
});
