/** All that is kept of a user comes out, on pages that are bounded, and without the bytes of any package. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { EXPORT_PAGE_CHUNKS, MAX_CHUNK_PACKAGES } from "../../../src/config/limits.ts";
import { poolFor } from "../../../src/pool/address.ts";
import { ADMIN, DATA, token } from "../support/auth.ts";
import { call, claimer, freshName, type Json, registeredOwner } from "../support/http.ts";

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

test("every table of the pool is in it but the fingerprints, which are hashes of packages", async () => {
  const { owner } = await livedIn();
  const pool = poolFor(env, owner.user);
  const capability = { name: "door", secretHash: new Uint8Array(32), expiresAt: undefined, maxClaims: undefined };
  await pool.createCapability({ user: owner.user, client: "phone", restoreEpoch: 0, ...capability });
  const [first] = await exported(pathOf(owner.user));
  const tables = await runInDurableObject(poolFor(env, owner.user) as DurableObjectStub, (_, state) =>
    state.storage.sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
      )
      .toArray()
      .map(({ name }) => name)
      .toSorted(),
  );
  expect(tables).toEqual(["chunks", "claim_capabilities", "claims", "clients", "ended_tokens", "fingerprints", "pool"]);
  expect(Object.keys(first).toSorted()).toEqual(
    [
      ...["budgets", "restore_epoch", "user"], // pool
      ...["registrations", "key_packages", "journal", "tokens_ended"], // clients, chunks, claims, ended_tokens
      "capabilities",
      ...["directory", "exported_at", "next"],
    ].toSorted(),
  );
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
  expect(pages).toHaveLength(3);
  for (const page of pages) {
    const { registrations, directory, key_packages, journal } = page;
    expect([registrations, directory, key_packages, journal]).toEqual([[], [], [], []]);
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
