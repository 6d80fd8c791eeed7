import { sha256 } from "@noble/hashes/sha2.js";
import { expect, test } from "vitest";
import { base64url, newSigner, publicKey } from "../support/forge-for-now.ts";
import { claimer, freshName, type Json, registeredOwner } from "../support/http.ts";

const codes = (answer: Json): string[] => answer.json.results.map((result: { code: string }) => result.code);
const refs = (answer: Json): string[] =>
  answer.json.results.map((result: { key_package_ref: string }) => result.key_package_ref);

function digestOf(references: readonly string[]): string {
  const sorted = references.map((ref) => Uint8Array.fromBase64(ref, { alphabet: "base64url" }).toHex()).sort();
  return base64url(sha256(Uint8Array.fromHex(sorted.join(""))));
}

test("registering is idempotent, and every answer carries the inventory with its zeros", async () => {
  const owner = await registeredOwner();
  const again = await owner.register();
  expect(again.status).toBe(200);
  expect(again.json.signature_keys).toEqual({ ed25519: base64url(owner.signer.publicKey) });
  // Those whose packages its key can sign.
  expect(again.json.inventory.map(({ ciphersuite }: { ciphersuite: number }) => ciphersuite)).toEqual([1, 3]);
  expect(again.json.inventory[0]).toEqual({
    ciphersuite: 1,
    available: 0,
    last_resort: null,
    next_expiry: null,
    target: 100,
    low_watermark: 50,
    needs_upload: true,
  });
});

test("a scheme keeps its key until the client is revoked and registered anew", async () => {
  const owner = await registeredOwner();
  const other = newSigner();
  expect((await owner.register(other)).json.code).toBe("signature_key_conflict");
  expect((await owner.as("DELETE", "")).status).toBe(200);
  expect((await owner.register(other)).status).toBe(201);
});

test("an empty list adds nothing and takes nothing away", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(2));
  const answer = await owner.publish([]);
  expect(answer.status).toBe(200);
  expect(answer.json.results).toEqual([]);
  expect(answer.json.inventory[0].available).toBe(2);
});

test("the same upload twice is fine, also at the same time", async () => {
  const owner = await registeredOwner();
  const batch = owner.forgeMany(3);
  const answers = await Promise.all([owner.publish(batch), owner.publish(batch), owner.publish(batch)]);
  for (const answer of answers) {
    expect(answer.status).toBe(200);
    expect(answer.json.results.every(({ ok }: { ok: boolean }) => ok)).toBe(true);
  }
  expect(answers.flatMap(codes).filter((code) => code === "stored")).toHaveLength(3);
  expect((await owner.inventory())[0].available).toBe(3);
});

test("an upload that is repeated after its packages were claimed does not bring them back", async () => {
  const owner = await registeredOwner();
  const batch = owner.forgeMany(2);
  await owner.publish(batch);
  await (await claimer()).claim(owner.user);
  const again = await owner.publish(batch);
  expect(codes(again)).toEqual(["already_claimed", "duplicate"]);
  expect(again.json.inventory[0].available).toBe(1);
});

test("another package with a claimed package's init key is refused", async () => {
  const owner = await registeredOwner();
  const initKey = publicKey();
  await owner.publish([owner.forge({ initKey })]);
  await (await claimer()).claim(owner.user);
  expect(codes(await owner.publish([owner.forge({ initKey })]))).toEqual(["init_key_reused"]);
});

test("a key in another encoding is the same key", async () => {
  const owner = await registeredOwner();
  const [init, encryption] = [publicKey(), publicKey()];
  await owner.publish([owner.forge({ initKey: init, encryptionKey: encryption })]);
  // X25519 leaves the highest bit out (RFC 7748 §5).
  const again = (key: Uint8Array) => key.map((byte, index) => (index === 31 ? byte ^ 0x80 : byte));
  const answer = await owner.publish([
    owner.forge({ initKey: again(init) }),
    owner.forge({ encryptionKey: again(encryption) }),
    owner.forge({ encryptionKey: again(init) }),
  ]);
  expect(codes(answer)).toEqual(["init_key_reused", "encryption_key_reused", "encryption_key_reused"]);
});

test("of two last resorts in one batch the later one stands, and the earlier one is told", async () => {
  const owner = await registeredOwner();
  const [first, second] = [owner.forge({ lastResort: true }), owner.forge({ lastResort: true })];
  expect(codes(await owner.publish([first, second]))).toEqual(["last_resort_superseded", "stored"]);
  const { json } = await (await claimer()).claim(owner.user);
  expect(json.clients[0]).toMatchObject({ status: "last_resort", key_package: base64url(second) });
});

test("a listed default type is accepted with a warning", async () => {
  const owner = await registeredOwner();
  const answer = await owner.publish([owner.forge({ extensions: [3] })]);
  expect(answer.json.results[0]).toMatchObject({ ok: true, code: "stored", warnings: ["default_type_listed"] });
});

test("GREASE in the capabilities is neither refused nor offered", async () => {
  const owner = await registeredOwner();
  const answer = await owner.publish([owner.forge({ extensions: [0x0a0a, 0xff01] })]);
  expect(codes(answer)).toEqual(["stored"]);
  const bob = await claimer();
  expect((await bob.claim(owner.user, { required_capabilities: { extensions: [0x0a0a] } })).json.status).toBe("none");
  expect((await bob.claim(owner.user, { required_capabilities: { extensions: [0xff01] } })).json.status).toBe("ok");
});

test("a claimer finds those who know the dictionary and the proposals of mls-extensions, and passes over others", async () => {
  const owner = await registeredOwner();
  const able = owner.forge({ extensions: [6, 7], proposals: [8, 9, 10] });
  expect(codes(await owner.publish([owner.forge(), able]))).toEqual(["stored", "stored"]);
  const bob = await claimer();
  const required_capabilities = { extensions: [6, 7], proposals: [8, 10] };
  const { json } = await bob.claim(owner.user, { required_capabilities });
  expect(json.clients[0]).toMatchObject({ status: "claimed", key_package: base64url(able) });
  const all = { required_capabilities: { ...required_capabilities, extensions: [6, 7, 8] } };
  expect((await bob.claim(owner.user, all)).json.status).toBe("none");
});

test("a package with the last resort component is kept for the last, and one with data in it is refused", async () => {
  const owner = await registeredOwner();
  const marked = (data: number[]) => {
    const entry = [0, 4, data.length, ...data];
    const dictionary = { extensionType: 6, data: Uint8Array.of(entry.length, ...entry) };
    return owner.forge({ extensions: [6], keyPackageExtensions: [dictionary] });
  };
  const lastResort = marked([]);
  expect(codes(await owner.publish([lastResort, owner.forge(), marked([1])]))).toEqual([
    "stored",
    "stored",
    "malformed",
  ]);
  const bob = await claimer();
  const given = [];
  for (let claim = 0; claim < 3; claim++) given.push((await bob.claim(owner.user)).json.clients[0]);
  expect(given.map(({ status }) => status)).toEqual(["claimed", "last_resort", "last_resort"]);
  expect(given.slice(1).map((client) => client.key_package)).toEqual([base64url(lastResort), base64url(lastResort)]);
});

test("a replacement with one refused package changes nothing and says which", async () => {
  const owner = await registeredOwner();
  const before = refs(await owner.publish(owner.forgeMany(2)));
  const answer = await owner.replace([owner.forge(), owner.forge({ breakSignature: true })]);
  expect(answer.status).toBe(422);
  expect(answer.json.code).toBe("batch_refused");
  expect(codes(answer)).toEqual(["admitted", "invalid_signature"]);
  expect((await owner.as("POST", "/reconcile", { body: { digest: digestOf(before) } })).status).toBe(200);
});

test("a replacement that the pool refuses changes nothing either", async () => {
  const owner = await registeredOwner();
  const [claimed] = owner.forgeMany(1);
  await owner.publish(claimed ? [claimed] : []);
  await (await claimer()).claim(owner.user);
  const before = refs(await owner.publish(owner.forgeMany(1)));
  const answer = await owner.replace(claimed ? [owner.forge(), claimed] : []);
  expect(codes(answer)).toEqual(["admitted", "already_claimed"]);
  expect((await owner.as("POST", "/reconcile", { body: { digest: digestOf(before) } })).status).toBe(200);
});

test("a replacement swaps the stock, and what was replaced does not come back", async () => {
  const owner = await registeredOwner();
  const old = owner.forgeMany(2);
  await owner.publish(old);
  const fresh = owner.forgeMany(3);
  const answer = await owner.replace(fresh);
  expect(answer.status).toBe(200);
  expect(answer.json.inventory[0].available).toBe(3);
  expect(codes(await owner.publish(old))).toEqual(["already_removed", "already_removed"]);
});

test("a replacement by nothing is done when it is asked for", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(2));
  const answer = await owner.replace([], "?allow_empty=true");
  expect(answer.status).toBe(200);
  expect(answer.json.inventory[0].available).toBe(0);
});

test("packages are removed by reference, and all of them", async () => {
  const owner = await registeredOwner();
  const [first] = refs(await owner.publish(owner.forgeMany(3)));
  const one = await owner.as("DELETE", "/key-packages", { body: { refs: [first, first, base64url(publicKey())] } });
  expect(one.json).toMatchObject({ removed: 1, inventory: [{ available: 2 }] });
  const all = await owner.as("DELETE", "/key-packages", { body: { all: true } });
  expect(all.json).toMatchObject({ removed: 2, inventory: [{ available: 0, needs_upload: true }] });
});

test("a client that was restored from a backup finds what it lost, and prunes it", async () => {
  const owner = await registeredOwner();
  const live = refs(await owner.publish(owner.forgeMany(3)));
  expect((await owner.as("POST", "/reconcile", { body: { digest: digestOf(live) } })).json).toMatchObject({
    same: true,
  });
  const held = live.slice(0, 2);
  const gone = base64url(publicKey());
  const differs = await owner.as("POST", "/reconcile", {
    body: { digest: digestOf([...held, gone]), refs: [...held, gone] },
  });
  expect(differs.status).toBe(200);
  expect(differs.json).toMatchObject({
    same: false,
    missing_at_server: [{ key_package_ref: gone, reason: "never_seen" }],
    pruned: 0,
  });
  expect([...differs.json.server_refs].sort()).toEqual([...live].sort());
  const pruned = await owner.as("POST", "/reconcile", { body: { digest: digestOf(held), refs: held, prune: true } });
  expect(pruned.json).toMatchObject({ same: true, pruned: 1, inventory: [{ available: 2 }] });
});

test("nothing is pruned at the word of a client whose list is not what its digest is of", async () => {
  const owner = await registeredOwner();
  const live = refs(await owner.publish(owner.forgeMany(2)));
  for (const held of [[], live.slice(1)]) {
    const { status, json } = await owner.as("POST", "/reconcile", {
      body: { digest: digestOf(live), refs: held, prune: true },
    });
    expect([status, json.code]).toEqual([400, "invalid_request"]);
  }
  expect((await owner.inventory())[0].available).toBe(2);
});

test("a query that says two things at once is refused", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(1));
  const put = await owner.as("PUT", "/key-packages?allow_empty=true&allow_empty=false", { body: { key_packages: [] } });
  expect([put.status, put.json.code]).toEqual([400, "invalid_request"]);
  expect((await owner.as("GET", "/journal?limit=1&limit=2")).status).toBe(400);
  expect((await owner.inventory())[0].available).toBe(1);
});

test("the journal tells who claimed, last resorts and what was missed, page by page", async () => {
  const owner = await registeredOwner();
  const bob = await claimer();
  await owner.publish([owner.forge(), owner.forge({ lastResort: true })]);
  await bob.claim(owner.user);
  await bob.claim(owner.user);
  await bob.claim(owner.user, { allow_last_resort: false });
  const first = await owner.as("GET", "/journal?limit=2");
  expect(first.json.entries).toMatchObject([
    { event: "claimed", ciphersuite: 1, claimer: { user: bob.user, client: "laptop" } },
    { event: "last_resort", ciphersuite: 1 },
  ]);
  const rest = await owner.as("GET", `/journal?after=${first.json.next}`);
  expect(rest.json).toMatchObject({ entries: [{ event: "missed", reason: "exhausted" }], next: null });
});

test("a revoked client is gone from claims and from the directory at once, and its packages do not come back", async () => {
  const owner = await registeredOwner();
  const batch = owner.forgeMany(2);
  await owner.publish(batch);
  expect((await owner.as("DELETE", "")).json).toEqual({ user: owner.user, client: "phone", purged: 2 });
  const bob = await claimer();
  expect((await bob.claim(owner.user)).json).toEqual({ user: owner.user, status: "none", clients: [] });
  expect((await bob.peek(owner.user)).json).toEqual({ user: owner.user, clients: [] });
  expect((await owner.as("GET", "")).json.code).toBe("client_not_registered");
  await owner.register();
  expect(codes(await owner.publish(batch))).toEqual(["already_removed", "already_removed"]);
});

test.each(["ali/ce", "ålice+%41", "アリス", "a b", "x".repeat(256), "%2e%2e"])(
  "%s is a user like any other",
  async (name) => {
    const user = name.length === 256 ? name : `${name}${freshName("")}`;
    const owner = await registeredOwner(user, `${name}`);
    await owner.publish(owner.forgeMany(1));
    expect((await (await claimer()).claim(user)).json).toMatchObject({
      user,
      status: "ok",
      clients: [{ client: name }],
    });
  },
);

test.each(["%00", "a%0Ab", "%FF", "%C3", "x".repeat(257), "y".repeat(10_000), "%ED%A0%80", "%C2%85"])(
  "%s in a path is no identifier",
  async (segment) => {
    const owner = await registeredOwner();
    const { status, json } = await owner.as("GET", `/../${segment}`);
    expect([status, json.code]).toEqual([400, "invalid_identifier"]);
  },
);
