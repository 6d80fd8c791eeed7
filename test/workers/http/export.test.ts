/** All that is kept of a user comes out, on pages that are bounded, and without the bytes of any package. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { EXPORT_PAGE_CHUNKS, MAX_CHUNK_PACKAGES, MAX_PAGE_ROWS } from "../../../src/config/limits.ts";
import { writeRoutes } from "../../../src/directory/routes.ts";
import { directoryOf } from "../../../src/directory/shards.ts";
import { app } from "../../../src/http/app.ts";
import { poolFor } from "../../../src/pool/address.ts";
import { writeEvents } from "../../../src/pool/tables/events-table.ts";
import { writePool } from "../../../src/pool/tables/pool-row.ts";
import { ADMIN, CLAIM, DATA, token } from "../support/auth.ts";
import { call, claimer, freshName, type Json, ORIGIN, registeredOwner } from "../support/http.ts";

const olga = await token({ user: "olga", client: undefined, scope: ADMIN });

/** All pages. */
async function exported(path: string, bearer = olga): Promise<Json[]> {
  const pages: Json[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const { status, headers, json } = await call("GET", `${path}${after && `?after=${encodeURIComponent(after)}`}`, {
      token: bearer,
    });
    expect([status, headers.get("Cache-Control")]).toEqual([200, "no-store"]);
    pages.push(json);
    after = json.next;
  }
  return pages;
}

const pathOf = (user: string) => `/v1/admin/users/${user}/data`;

/** In a deployment that keeps routes. */
async function claimWithRoute(user: string, key: string): Promise<void> {
  const bearer = await token({ user: freshName("claimer"), client: "laptop", scope: CLAIM });
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${bearer}`, "Idempotency-Key": key };
  const init = { method: "POST", headers, body: JSON.stringify({ route: true }) };
  const request = new Request(`${ORIGIN}/v1/users/${user}/claims`, init);
  expect((await app.fetch(request, { ...env, WELCOME_ROUTES: "on-request" })).status).toBe(200);
}

async function livedIn() {
  const owner = await registeredOwner(freshName("exported"));
  const tablet = await registeredOwner(owner.user, "tablet");
  await owner.publish([...owner.forgeMany(3), owner.forge({ lastResort: true })]);
  await tablet.publish(tablet.forgeMany(1));
  const bob = await claimer();
  await bob.claim(owner.user);
  await call("DELETE", `/v1/admin/users/${owner.user}/clients/tablet`, { token: olga });
  return { owner, bob };
}

test("an operator and the user itself get the same: registrations, stock, journal and the directory's rows", async () => {
  const { owner, bob } = await livedIn();
  const pages = await exported(pathOf(owner.user));
  const own = await token({ user: owner.user, client: "laptop", scope: DATA });
  expect(await exported(`/v1/users/${owner.user}/data`, own)).toEqual(pages);
  const [first] = pages;
  const now = Math.floor(Date.now() / 1000);
  expect(first.registrations).toMatchObject([
    { client: "phone", registered_at: now, revoked_at: null, inventory: [{ available: 2 }] },
    { client: "tablet", revoked_at: now, signature_keys: {} },
  ]);
  expect(first.tokens_ended).toEqual([{ client: "tablet", ended_at: now }]);
  expect(first.directory.map((row: Json) => [row.database, row.client])).toEqual([
    ["DB", "phone"],
    ["DB", "tablet"],
  ]);
  const packages = pages.flatMap((page) => page.key_packages);
  expect(packages.map((one: Json) => [one.client, one.last_resort, one.stored_at])).toEqual([
    ["phone", false, now],
    ["phone", false, now],
    ["phone", true, now],
  ]);
  const journal = pages.flatMap((page) => page.journal);
  expect(journal.map((entry: Json) => [entry.client, entry.event, entry.claimer.user])).toEqual([
    ["phone", "claimed", bob.user],
    ["tablet", "claimed", bob.user],
  ]);
});

/** Of every table there is: the members that show it, or why none does. */
const SHOWN: Readonly<Record<string, readonly string[] | string>> = {
  // The pool.
  pool: ["user", "restore_epoch", "budgets"],
  clients: ["registrations", "directory"],
  chunks: ["key_packages"],
  fingerprints: "hashes of packages that were uploaded",
  claims: ["journal"],
  claim_capabilities: ["capabilities"],
  ended_tokens: ["tokens_ended"],
  events: ["events"],
  raised_budgets: ["budgets_raised"],
  // D1; its clients have the name of the pool's.
  restore_epoch: "of the deployment",
  routes: ["routes"],
  // The records of operators.
  audit_trail: ["operator_changes"],
  blocked_callers: ["blocked"],
  activity: "estimates of the whole directory, which are gone after a day",
  series: "counts of the whole directory",
  issuer_key_marks: "of issuers",
};

const sources = import.meta.glob(["../../../src/pool/**/*.ts", "../../../migrations/*.sql"], {
  query: "?raw",
  import: "default",
  eager: true,
});

test("every table that anything is stored in is in it, or there is a reason", () => {
  const tables = Object.values(sources).flatMap((source) =>
    [...source.matchAll(/CREATE TABLE (?:IF NOT EXISTS )?(\w+)/g)].map(([, name = ""]) => name),
  );
  expect(Object.keys(SHOWN).toSorted()).toEqual([...new Set(tables)].toSorted());
});

test("what each of these tables holds of the user comes out", async () => {
  const { owner } = await livedIn();
  const { user } = owner;
  const now = Math.floor(Date.now() / 1000);
  const pool = poolFor(env, user);
  const capability = { name: "door", secretHash: new Uint8Array(32), expiresAt: undefined, maxClaims: undefined };
  await pool.createCapability({ user, client: "phone", restoreEpoch: 0, ...capability });
  const waiting = {
    id: "evt_1",
    sequence: 7,
    type: "key_packages.low",
    cause: "claim",
    client: "phone",
    ciphersuite: 1,
    at: now,
    available: 49,
    attempts: 3,
  } as const;
  await runInDurableObject(pool as DurableObjectStub, (_, state) => {
    writePool(state.storage.sql, { budgets: new Map([["registrations", Date.now() + 60_000]]) });
    writeEvents(state.storage.sql, {
      dueMs: undefined,
      sequence: 7,
      pending: [{ ...waiting, lastResort: true, nextExpiry: null, expiring: { by: now + 9, left: 5 } }],
      toldUntil: { 1: now + 9 },
    });
  });
  const change = (method: string, path: string, body: object) =>
    call(method, `/v1/admin/users/${user}${path}`, { token: olga, headers: { "Operator-Reason": "ticket 7" }, body });
  await change("PUT", "/budgets", { factor: 3, until: now + 60 });
  await change("PUT", "/block", { until: now + 3_600 });
  const keys = ["a", "b"];
  for (const key of keys) await claimWithRoute(user, key);

  const pages = await exported(pathOf(user));
  const [first] = pages;
  const events = {
    waiting: [{ ...waiting, last_resort: true, next_expiry: null, expires_by: now + 9, left: 5, rejections: 0 }],
    expiry_told: [{ client: "phone", until: now + 9 }],
  };
  // What operators look up shows them too.
  expect((await call("GET", `/v1/admin/users/${user}`, { token: olga })).json.events).toEqual(events);
  expect(first).toMatchObject({
    capabilities: [{ name: "door", client: "phone" }],
    budgets_raised: { factor: 3, until: now + 60 },
    blocked: { since: now, until: now + 3_600, why: "ticket 7" },
    events,
  });
  const routes = pages.flatMap((page) => page.routes);
  expect(routes).toHaveLength(keys.length);
  expect(routes[0]).toMatchObject({ database: "DB", client: "phone" });
  const shownRefs = pages.flatMap((page) => page.journal).map((entry: Json) => entry.key_package_ref);
  expect(shownRefs).toEqual(expect.arrayContaining(routes.map((route: Json) => route.key_package_ref)));
  const changes = pages.flatMap((page) => page.operator_changes);
  expect(changes.map((change: Json) => [change.operation, change.status])).toEqual([
    ["blockUser", 200],
    ["raiseBudgets", 200],
    ["endClient", 200],
  ]);
  expect(changes[0].why).toBe("ticket 7");
  expect(JSON.stringify(pages)).not.toContain("olga");

  const members = Object.values(SHOWN).flatMap((shown) => (typeof shown === "string" ? [] : shown));
  expect(Object.keys(first).toSorted()).toEqual([...members, "exported_at", "next"].toSorted());
  const isEmpty = (value: unknown) => value === null || (Array.isArray(value) && value.length === 0);
  const never = members.filter((member) => pages.every((page) => isEmpty(page[member])));
  expect(never).toEqual([]);
});

test("what is over and still stored is in it", async () => {
  const { user } = await registeredOwner();
  const now = Math.floor(Date.now() / 1000);
  await poolFor(env, user).raiseBudgets({ user, restoreEpoch: 0, factor: 5, until: now - 60 });
  const ended = { ref: new Uint8Array(32).fill(9), user, client: "phone", notAfter: now - 60 };
  await writeRoutes(directoryOf(env), [ended], now);
  const pages = await exported(pathOf(user));
  expect(pages[0].budgets_raised).toEqual({ factor: 5, until: now - 60 });
  expect(pages.flatMap((page) => page.routes)).toMatchObject([{ client: "phone", not_after: now - 60 }]);
  // An operator's view shows what is in force.
  expect((await call("GET", `/v1/admin/users/${user}`, { token: olga })).json.budgets_raised).toBe(null);
});

test("routes of several pages come whole, each once", async () => {
  const { user } = await registeredOwner();
  const now = Math.floor(Date.now() / 1000);
  const routes = Array.from({ length: MAX_PAGE_ROWS + 3 }, (_, index) => ({
    ref: new Uint8Array(32).with(0, index >> 8).with(1, index & 0xff),
    user,
    client: "phone",
    // Of three weeks.
    notAfter: now + (index % 3) * 7 * 86_400 + 60,
  }));
  await writeRoutes(directoryOf(env), routes, now);
  const pages = await exported(pathOf(user));
  const refs = pages.flatMap((page) => page.routes.map((route: Json) => route.key_package_ref));
  expect([refs.length, new Set(refs).size]).toEqual([routes.length, routes.length]);
  expect(pages.map((page) => page.routes.length).filter((count) => count > 0)).toEqual([MAX_PAGE_ROWS, 3]);
});

test("a page of routes or of operators' changes is not for the token of a client that was ended", async () => {
  const { user } = await registeredOwner();
  const own = await token({ user, client: "phone", scope: DATA });
  const cursors = (await exported(pathOf(user))).flatMap(({ next }) => next ?? []);
  await call("DELETE", `/v1/admin/users/${user}/clients/phone`, { token: olga });
  for (const after of cursors) {
    const { json } = await call("GET", `/v1/users/${user}/data?after=${after}`, { token: own });
    expect(json.code).toBe("token_predates_revocation");
  }
});

test("a stock and a journal of several pages come whole, each entry once", async () => {
  const owner = await registeredOwner();
  // A chunk of its own for each upload.
  const uploads = EXPORT_PAGE_CHUNKS + 3;
  for (let upload = 0; upload < uploads; upload++) await owner.publish(owner.forgeMany(2));
  const claims = 5;
  const bob = await claimer();
  for (let claim = 0; claim < claims; claim++) await bob.claim(owner.user);
  const pages = await exported(pathOf(owner.user));
  const refs = pages.flatMap((page) => page.key_packages.map((one: Json) => one.key_package_ref));
  expect([refs.length, new Set(refs).size]).toEqual([2 * uploads - claims, 2 * uploads - claims]);
  expect(pages.every((page) => page.key_packages.length <= EXPORT_PAGE_CHUNKS * MAX_CHUNK_PACKAGES)).toBe(true);
  expect(pages.filter((page) => page.key_packages.length > 0).length).toBe(2);
  expect(pages.flatMap((page) => page.journal)).toHaveLength(claims);
});

test("of a user who never registered nothing is kept, and the question leaves no trace", async () => {
  const user = freshName("nobody");
  const pages = await exported(pathOf(user));
  expect(pages).toHaveLength(5);
  for (const page of pages) {
    const { registrations, directory, key_packages, journal, routes, operator_changes } = page;
    expect([registrations, directory, key_packages, journal, routes, operator_changes].flat()).toEqual([]);
  }
  const tables = await runInDurableObject(poolFor(env, user) as DurableObjectStub, (_, state) =>
    state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'pool'").toArray(),
  );
  expect(tables).toEqual([]);
});

test("an export of which the directory's part is missing is no export", async () => {
  const owner = await registeredOwner();
  const broken = vi.spyOn(env.DB, "withSession").mockImplementation(() => {
    throw new Error("D1_ERROR: broken");
  });
  try {
    expect((await call("GET", pathOf(owner.user), { token: olga })).json.code).toBe("directory_unavailable");
  } finally {
    broken.mockRestore();
  }
});

test("a cursor that no page has given is refused", async () => {
  const owner = await registeredOwner();
  const { json } = await call("GET", `${pathOf(owner.user)}?after=WyJhbGljZSJd`, { token: olga });
  expect(json.code).toBe("invalid_request");
});
