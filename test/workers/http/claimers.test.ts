import { expect, test } from "vitest";
import { encodeMlsMessage } from "../../../src/mls/key-package/mls-message.ts";
import { ADMIN, CLAIM, token } from "../support/auth.ts";
import { call, claimer, freshName, type Json, registeredOwner } from "../support/http.ts";

const statuses = (answer: Json): string[] => answer.json.clients.map((client: { status: string }) => client.status);

test("the caller's own client is left alone, and another user's client of the same name is not", async () => {
  const user = freshName("multi");
  const phone = await registeredOwner(user, "phone");
  const tablet = await registeredOwner(user, "tablet");
  await phone.publish(phone.forgeMany(2));
  await tablet.publish(tablet.forgeMany(2));
  const self = await claimer(user, "phone");
  const own = await self.claim(user);
  expect(own.json.status).toBe("ok");
  expect(statuses(own)).toEqual(["excluded", "claimed"]);
  const namesake = await claimer(undefined, "phone");
  expect(statuses(await namesake.claim(user))).toEqual(["claimed", "claimed"]);
});

test("clients can be left out by name", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(1));
  const bob = await claimer();
  expect(statuses(await bob.claim(owner.user, { exclude_clients: ["phone"] }))).toEqual(["excluded"]);
  expect((await owner.inventory())[0].available).toBe(1);
});

test("one client without packages does not fail the others", async () => {
  const user = freshName("multi");
  const phone = await registeredOwner(user, "phone");
  await registeredOwner(user, "tablet");
  await phone.publish(phone.forgeMany(1));
  const answer = await (await claimer()).claim(user);
  expect(answer.json.status).toBe("partial");
  expect(statuses(answer)).toEqual(["claimed", "exhausted"]);
});

test("nothing that fits is incompatible, nothing at all is exhausted", async () => {
  const owner = await registeredOwner();
  const bob = await claimer();
  expect(statuses(await bob.claim(owner.user))).toEqual(["exhausted"]);
  await owner.publish(owner.forgeMany(1));
  expect(statuses(await bob.claim(owner.user, { ciphersuites: [2] }))).toEqual(["incompatible"]);
  const x509 = { required_capabilities: { credentials: [2] } };
  expect(statuses(await bob.claim(owner.user, x509))).toEqual(["incompatible"]);
  const defaults = { required_capabilities: { extensions: [1, 2, 3, 4, 5], proposals: [1, 7], credentials: [1] } };
  expect(statuses(await bob.claim(owner.user, defaults))).toEqual(["claimed"]);
});

test("a claim can insist on one-time packages and on their remaining life", async () => {
  const owner = await registeredOwner();
  await owner.publish([owner.forge({ lastResort: true }), owner.forge()]);
  const bob = await claimer();
  const patient = { min_remaining_lifetime_seconds: 60 * 24 * 3600 };
  expect(statuses(await bob.claim(owner.user, patient))).toEqual(["exhausted"]);
  expect(statuses(await bob.claim(owner.user, { allow_last_resort: false }))).toEqual(["claimed"]);
  expect(statuses(await bob.claim(owner.user, { allow_last_resort: false }))).toEqual(["exhausted"]);
});

test("the same key with the same body gives the same bytes, and takes nothing more", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(3));
  const bob = await claimer();
  const key = { "Idempotency-Key": "3f1c" };
  const first = await bob.claim(owner.user, { ciphersuites: [1] }, key);
  const again = await bob.claim(owner.user, { ciphersuites: [1], exclude_clients: [] }, key);
  expect(again.bytes).toEqual(first.bytes);
  expect(first.headers.get("Idempotent-Replayed")).toBeNull();
  expect(again.headers.get("Idempotent-Replayed")).toBe("true");
  expect((await owner.inventory())[0].available).toBe(2);
});

test("the same key at the same time gives everybody the same package", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(5));
  const bob = await claimer();
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => bob.claim(owner.user, {}, { "Idempotency-Key": "storm" })),
  );
  expect(new Set(answers.map(({ json }) => json.clients[0].key_package)).size).toBe(1);
  expect((await owner.inventory())[0].available).toBe(4);
});

test("the same key with another body is refused", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(3));
  const bob = await claimer();
  const key = { "Idempotency-Key": "3f1c" };
  await bob.claim(owner.user, {}, key);
  const other = await bob.claim(owner.user, { allow_last_resort: false }, key);
  expect([other.status, other.json.code]).toEqual([422, "idempotency_key_reused"]);
  expect((await owner.inventory())[0].available).toBe(2);
});

test("another caller's key is another key", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(2));
  const key = { "Idempotency-Key": "1" };
  const given = await Promise.all([claimer(), claimer()].map(async (who) => (await who).claim(owner.user, {}, key)));
  expect(new Set(given.map(({ json }) => json.clients[0].key_package)).size).toBe(2);
});

test("many users are claimed in one call, each with its own outcome, and one named twice is answered once", async () => {
  const [full, empty] = [await registeredOwner(), await registeredOwner()];
  await full.publish(full.forgeMany(2));
  const nobody = freshName("nobody");
  const { status, json } = await (await claimer()).claimMany({ users: [empty.user, full.user, nobody, full.user] });
  expect(status).toBe(200);
  expect(json.users).toMatchObject([
    { user: empty.user, status: "none", clients: [{ status: "exhausted" }] },
    { user: full.user, status: "ok", clients: [{ status: "claimed" }] },
    { user: nobody, status: "unknown_user", clients: [] },
  ]);
  expect((await full.inventory())[0].available).toBe(1);
});

test("a hundred users in one call are answered in their order", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(1));
  const users = Array.from({ length: 99 }, (_, index) => freshName(`nobody-${index}`));
  users.splice(57, 0, owner.user);
  const { json } = await (await claimer()).claimMany({ users });
  expect(json.users.map(({ user }: { user: string }) => user)).toEqual(users);
  expect(json.users[57].status).toBe("ok");
});

test("a claim of many users is repeated as a whole with the same packages", async () => {
  const owners = [await registeredOwner(), await registeredOwner()];
  for (const owner of owners) await owner.publish(owner.forgeMany(2));
  const users = owners.map(({ user }) => user);
  const bob = await claimer();
  const first = await bob.claimMany({ users }, { "Idempotency-Key": "bulk" });
  const again = await bob.claimMany({ users }, { "Idempotency-Key": "bulk" });
  expect(again.bytes).toEqual(first.bytes);
  const other = await bob.claimMany({ users: users.slice(1) }, { "Idempotency-Key": "bulk" });
  expect(other.json.users).toEqual([{ user: users[1], status: "idempotency_key_reused", clients: [] }]);
  for (const owner of owners) expect((await owner.inventory())[0].available).toBe(1);
});

test("whatever two different claims at once under one key take is in an answer that can be had again", async () => {
  const owners = await Promise.all(Array.from({ length: 6 }, () => registeredOwner()));
  for (const owner of owners) await owner.publish(owner.forgeMany(3));
  const users = owners.map(({ user }) => user);
  const requests = [{ users: users.slice(0, 4) }, { users: users.slice(2) }, { users: users.toReversed() }];
  const bob = await claimer();
  const ask = () => Promise.all(requests.map((body) => bob.claimMany(body, { "Idempotency-Key": "one-for-three" })));
  const refsOf = (answers: Awaited<ReturnType<typeof ask>>): string[] =>
    answers.flatMap(({ json }) =>
      json.users.flatMap(({ clients }: { clients: { key_package_ref?: string }[] }) =>
        clients.flatMap((client) => client.key_package_ref ?? []),
      ),
    );
  const first = await ask();
  const again = await ask();
  const taken =
    owners.length * 3 -
    (await Promise.all(owners.map((one) => one.inventory()))).reduce((sum, [suite]) => sum + suite.available, 0);
  expect(new Set(refsOf(first)).size).toBe(taken);
  expect(again.map(({ json }) => json)).toEqual(first.map(({ json }) => json));
});

test("packages of many users come as MLSMessages in the order of the users", async () => {
  const owners = [await registeredOwner(), await registeredOwner()];
  const packages = owners.map((owner) => owner.forge());
  for (const [index, owner] of owners.entries()) await owner.publish(packages.slice(index, index + 1));
  const users = owners.map(({ user }) => user).reverse();
  const { bytes } = await (await claimer()).claimMany({ users }, { Accept: "message/mls" });
  expect([...bytes]).toEqual(packages.reverse().flatMap((keyPackage) => [...encodeMlsMessage(keyPackage)]));
});

test("peeking shows suites and capabilities, takes nothing, and can be revalidated", async () => {
  const owner = await registeredOwner();
  await owner.publish([owner.forge({ extensions: [0xff01] }), owner.forge({ lastResort: true })]);
  const bob = await claimer();
  const peeked = await bob.peek(owner.user);
  expect(peeked.json.clients).toMatchObject([
    { client: "phone", offers: [{ ciphersuite: 1, available: 1, last_resort: true }] },
  ]);
  const lists = peeked.json.clients[0].offers[0].capabilities;
  expect(lists).toContainEqual({ extensions: [0xff01], proposals: [], credentials: [1] });
  const etag = peeked.headers.get("ETag") ?? "";
  const unchanged = await bob.peek(owner.user, { "If-None-Match": `"other", ${etag}` });
  expect([unchanged.status, unchanged.bytes.length]).toEqual([304, 0]);
  expect((await owner.inventory())[0].available).toBe(1);
});

test("what is about one user is never to be kept by a cache", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(1));
  const bob = await claimer();
  const answers = [
    await owner.as("GET", ""),
    await owner.as("GET", "/inventory"),
    await owner.as("GET", "/journal"),
    await bob.peek(owner.user),
    await bob.claim(owner.user),
    await bob.claimMany({ users: [owner.user] }),
  ];
  for (const { headers } of answers) expect(headers.get("Cache-Control")).toBe("no-store");
});

test("HEAD on a claim route takes nothing", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(1));
  const bearer = await token({ user: "bob", client: "laptop", scope: CLAIM });
  expect((await call("HEAD", `/v1/users/${owner.user}/claims`, { token: bearer })).status).toBe(405);
  expect((await owner.inventory())[0].available).toBe(1);
});

test("a bulk claim under a key that one pool knows for another request is answered for all other users", async () => {
  const [known, fresh] = [await registeredOwner(), await registeredOwner()];
  for (const owner of [known, fresh]) await owner.publish(owner.forgeMany(2));
  const bob = await claimer();
  await bob.claimMany({ users: [known.user] }, { "Idempotency-Key": "once" });
  const refused = await bob.claimMany({ users: [fresh.user, known.user] }, { "Idempotency-Key": "once" });
  expect(refused.status).toBe(200);
  expect(refused.json.users.map(({ status }: { status: string }) => status)).toEqual(["ok", "idempotency_key_reused"]);
  expect((await fresh.inventory())[0].available).toBe(1);
  expect((await known.inventory())[0].available).toBe(1);
  const again = await bob.claimMany({ users: [fresh.user, known.user] }, { "Idempotency-Key": "once" });
  expect(again.bytes).toEqual(refused.bytes);
});

test("a client that has never uploaded is on the operator's list", async () => {
  const owner = await registeredOwner();
  const answer = await call("GET", "/v1/admin/stock?filter=exhausted&limit=500", {
    token: await token({ scope: ADMIN }),
  });
  expect(answer.json.rows).toContainEqual(
    expect.objectContaining({ user: owner.user, ciphersuite: null, available: 0, needs_upload: true }),
  );
});
