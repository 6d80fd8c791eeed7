import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { app } from "../../../src/http/app.ts";
import { encodeMlsMessage } from "../../../src/mls/key-package/mls-message.ts";
import { base64url, newSigner } from "../support/forge-for-now.ts";
import { call, claimer, ORIGIN, registeredOwner } from "../support/http.ts";

test("a batch goes in and each package comes out once, the oldest first", async () => {
  const owner = await registeredOwner();
  const batch = owner.forgeMany(3);
  const published = await owner.publish(batch);
  expect(published.status).toBe(200);
  expect(published.json.results).toMatchObject([
    { index: 0, ok: true, code: "stored", ciphersuite: 1, last_resort: false },
    { index: 1, ok: true, code: "stored" },
    { index: 2, ok: true, code: "stored" },
  ]);
  expect(published.json.inventory).toMatchObject([{ ciphersuite: 1, available: 3, last_resort: null }]);

  const bob = await claimer();
  for (const [index, expected] of batch.entries()) {
    const { status, json, headers } = await bob.claim(owner.user);
    expect(status).toBe(200);
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(json).toMatchObject({ user: owner.user, status: "ok", clients: [{ client: "phone", status: "claimed" }] });
    expect(json.clients[0].key_package).toBe(base64url(expected));
    expect(json.clients[0].key_package_ref).toBe(published.json.results[index].key_package_ref);
  }
  expect((await bob.claim(owner.user)).json).toEqual({
    user: owner.user,
    status: "none",
    clients: [{ client: "phone", status: "exhausted" }],
  });
});

test("a hundred packages answer a hundred and fifty claims at once with a hundred different ones and the last resort", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(99));
  await owner.publish([owner.forge(), owner.forge({ lastResort: true })]);
  const bob = await claimer();
  const answers = await Promise.all(Array.from({ length: 150 }, () => bob.claim(owner.user)));
  const given = answers.map(({ json }) => json.clients[0]);
  const claimed = given.filter(({ status }) => status === "claimed").map((claim) => claim.key_package);
  expect(new Set(claimed).size).toBe(100);
  expect(claimed).toHaveLength(100);
  const lastResorts = given.filter(({ status }) => status === "last_resort").map((claim) => claim.key_package);
  expect(lastResorts).toHaveLength(50);
  expect(new Set(lastResorts).size).toBe(1);
});

test("an upload of a hundred with seven bad ones in the middle stores ninety-three and names the seven", async () => {
  const owner = await registeredOwner();
  const stranger = newSigner();
  const now = BigInt(Math.floor(Date.now() / 1000));
  const one = owner.forge();
  const bad: [Uint8Array | string, string][] = [
    [owner.forge({ breakSignature: true }), "invalid_signature"],
    [owner.forge({ notBefore: now - 7200n, notAfter: now - 10n }), "lifetime_expired"],
    [owner.forge({ notBefore: now + 86_400n }), "lifetime_not_yet_valid"],
    [owner.forge({ signer: stranger }), "signature_key_mismatch"],
    [owner.forge({ identity: "mallory" }), "credential_identity_mismatch"],
    [one.slice(0, 100), "malformed"],
    ["not+base64url/", "malformed"],
  ];
  const good = owner.forgeMany(93);
  const items = [
    ...good.slice(0, 40).map(base64url),
    ...bad.map(([item]) => (typeof item === "string" ? item : base64url(item))),
    ...good.slice(40).map(base64url),
  ];
  const { status, json } = await owner.as("POST", "/key-packages", { body: { key_packages: items } });
  expect(status).toBe(200);
  expect(json.results.map((result: { index: number }) => result.index)).toEqual(items.map((_, index) => index));
  const refused = json.results.filter((result: { ok: boolean }) => !result.ok);
  expect(refused.map((result: { index: number; code: string }) => [result.index, result.code])).toEqual(
    bad.map(([, code], index) => [40 + index, code]),
  );
  expect(json.inventory[0].available).toBe(93);
});

test("a body of message/mls is a batch, and a claim may be answered in it", async () => {
  const owner = await registeredOwner();
  const batch = owner.forgeMany(2);
  const raw = new Uint8Array(batch.flatMap((keyPackage) => [...encodeMlsMessage(keyPackage)]));
  const published = await owner.as("POST", "/key-packages", { raw, headers: { "Content-Type": "message/mls" } });
  expect(published.json.results.map((result: { code: string }) => result.code)).toEqual(["stored", "stored"]);
  const bob = await claimer();
  const claimed = await bob.claim(owner.user, {}, { Accept: "message/mls, application/json;q=0.5" });
  expect(claimed.headers.get("Content-Type")).toBe("message/mls");
  expect(claimed.headers.get("Claim-Status")).toBe("ok");
  expect(claimed.bytes).toEqual(encodeMlsMessage(batch[0] ?? new Uint8Array()));
});

test("where there is nothing to give, the answer is JSON that says why, whatever was asked for", async () => {
  const owner = await registeredOwner();
  const bob = await claimer();
  const claimed = await bob.claim(owner.user, {}, { Accept: "message/mls" });
  expect(claimed.status).toBe(200);
  expect(claimed.json).toMatchObject({ status: "none", clients: [{ status: "exhausted" }] });
});

test("the policy is public and can be revalidated", async () => {
  const policy = await call("GET", "/v1/policy");
  expect(policy.status).toBe(200);
  expect(policy.json.ciphersuites).toEqual([1, 2, 3, 4, 5, 6, 7]);
  const etag = policy.headers.get("ETag") ?? "";
  expect(etag).toMatch(/^"[0-9a-f]{64}"$/);
  expect((await call("GET", "/v1/policy", { headers: { "If-None-Match": etag } })).status).toBe(304);
});

test("a lifetime as long as numbers go comes through whole where the policy allows it", async () => {
  const owner = await registeredOwner();
  const eternal = owner.forge({ notBefore: 0n, notAfter: 2n ** 64n - 1n });
  expect((await owner.publish([eternal])).json.results[0].code).toBe("lifetime_too_long");
  const unlimited = { ...env, MAX_TOTAL_LIFETIME_SECONDS: "off" };
  const published = await app.request(
    `${ORIGIN}${owner.path}/key-packages`,
    {
      method: "POST",
      body: encodeMlsMessage(eternal).slice(),
      headers: { Authorization: `Bearer ${owner.token}`, "Content-Type": "message/mls" },
    },
    unlimited,
  );
  expect(await published.json()).toMatchObject({ results: [{ code: "stored" }] });
  const { json } = await (await claimer()).claim(owner.user);
  expect(json.clients[0]).toMatchObject({ key_package: base64url(eternal), not_after: Number.MAX_SAFE_INTEGER });
});

test("a detail says what was expected and what came", async () => {
  const owner = await registeredOwner();
  const items = [owner.forge({ identity: "mallory" }), owner.forge()].map(base64url);
  const codes = await owner.as("POST", "/key-packages", { body: { key_packages: [...items, "ab+c", "abcde", "aaF"] } });
  expect(codes.json.results.map(({ detail }: { detail?: string }) => detail)).toEqual([
    `expected the identity ${JSON.stringify(owner.user)}, got "mallory"`,
    undefined,
    'expected base64url without padding (A-Z a-z 0-9 - _), got "+" at character 2',
    "expected base64url without padding (A-Z a-z 0-9 - _), got 5 characters, which no bytes give",
    "expected base64url without padding (A-Z a-z 0-9 - _), got a last character with unused bits that are not zero",
  ]);
  const none = await owner.as("POST", "/key-packages", { body: { key_packages: ["a=="] } });
  expect([none.status, none.json.detail]).toEqual([
    400,
    'no item is base64url; /key_packages/0: expected base64url without padding (A-Z a-z 0-9 - _), got "=" at character 1',
  ]);
});

test("packages come bare or as MLSMessages, as the claim asks, in JSON too, and a repetition must ask the same", async () => {
  const owner = await registeredOwner();
  const [first, second, third] = owner.forgeMany(3) as [Uint8Array, Uint8Array, Uint8Array];
  await owner.publish([first, second, third]);
  const bob = await claimer();
  const ask = (format: string) => bob.claim(owner.user, { format }, { "Idempotency-Key": "k" });
  const message = await ask("mls_message");
  expect(message.json.clients[0].key_package).toBe(base64url(encodeMlsMessage(first)));
  expect((await ask("mls_message")).json).toEqual(message.json);
  expect((await ask("key_package")).json.code).toBe("idempotency_key_reused");
  const many = await bob.claimMany({ users: [owner.user], format: "mls_message" });
  expect(many.json.users[0].clients[0].key_package).toBe(base64url(encodeMlsMessage(second)));
  expect((await bob.claim(owner.user)).json.clients[0].key_package).toBe(base64url(third));
});

test("unlisted GREASE is refused unless the deployment accepts it", async () => {
  const owner = await registeredOwner();
  const greased = owner.forge({ keyPackageExtensions: [{ extensionType: 0x2a2a, data: Uint8Array.of(1) }] });
  const publish = async (setting: object) => {
    const served = (request: Request) => Promise.resolve(app.fetch(request, { ...env, ...setting }));
    const body = { key_packages: [base64url(greased)] };
    const { json } = await call("POST", `${owner.path}/key-packages`, { token: owner.token, body, served });
    return json.results[0].code;
  };
  expect(await publish({})).toBe("unsupported_extension");
  expect(await publish({ UNLISTED_GREASE: "refuse" })).toBe("unsupported_extension");
  expect(await publish({ UNLISTED_GREASE: "accept" })).toBe("stored");
});
