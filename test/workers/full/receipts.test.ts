/** Receipts: what is signed, that a replay has the same bytes, and which key signs when. */
import { env } from "cloudflare:workers";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { describe, expect, it, test, vi } from "vitest";
import { KeyPackageDirectory, type TokenRequest } from "../../../src/client/index.ts";
import { contradictions, type Receipt, verifyReceipt } from "../../../src/client/receipts/index.ts";
import { app as plain } from "../../../src/http/app.ts";
import { REASON_HEADER } from "../../../src/http/audited.ts";
import full from "../../../src/worker-full.ts";
import { ADMIN, AUDIENCE, CLAIM, PUBLISH, REVOKE, token } from "../support/auth.ts";
import { base64url, forge, newSigner } from "../support/forge-for-now.ts";
import { clientPath, freshName, type Json, ORIGIN, registration } from "../support/http.ts";
import { nowSeconds } from "../support/pool-calls.ts";

const ISSUER = "https://directory.test";

/** A key that signs from a time on. */
function receiptKey(kid: string, signsFrom?: number) {
  const { publicKey, secretKey } = newSigner();
  const jwk = { kty: "OKP", crv: "Ed25519", kid, x: base64url(publicKey) };
  return {
    public: jwk,
    private: { ...jwk, d: base64url(secretKey), ...(signsFrom === undefined ? {} : { signs_from: signsFrom }) },
  };
}

const first = receiptKey("first");

const settingsOf = (keys: readonly object[], more: Readonly<Record<string, string>> = {}) => ({
  RECEIPT_KEYS: JSON.stringify({ keys }),
  RECEIPT_ISSUER: ISSUER,
  ...more,
});

type Answer = { readonly status: number; readonly json: Json; readonly text: string; readonly headers: Headers };

/** The full Worker with settings of its own. */
function directoryWith(settings: Readonly<Record<string, string>>) {
  const bindings = { ...env, ...settings };
  return async (
    method: string,
    path: string,
    bearer?: string,
    { body, headers }: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Answer> => {
    const init = {
      method,
      headers: {
        ...(bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
    };
    const answer = await full.fetch(new Request(ORIGIN + path, init), bindings);
    const text = await answer.text();
    const json = answer.headers.get("Content-Type")?.includes("json") ? (JSON.parse(text) as Json) : undefined;
    return { status: answer.status, json, text, headers: answer.headers };
  };
}

type Ask = ReturnType<typeof directoryWith>;

/** A registered client with packages in stock, and the answers to both. */
async function publisher(ask: Ask, { packages = 2, lastResort = false, query = "?receipt=true" } = {}) {
  const user = freshName("owner");
  const signer = newSigner();
  const bearer = await token({ user, scope: PUBLISH });
  const body = await registration({ user, client: "phone" }, signer);
  const registered = await ask("PUT", clientPath(user) + query, bearer, { body });
  expect(registered.status).toBe(201);
  const made = Array.from({ length: packages }, () => forge({ identity: user, signer }));
  if (lastResort) made.push(forge({ identity: user, signer, lastResort: true }));
  const published = await ask("POST", `${clientPath(user)}/key-packages${query}`, bearer, {
    body: { key_packages: made.map(base64url) },
  });
  expect(published.json.results.map(({ code }: Json) => code)).toEqual(made.map(() => "stored"));
  return { user, signer, bearer, registered, published };
}

const claimerToken = (user = "bob") => token({ user, client: "laptop", scope: CLAIM });

const claimsPath = (user: string, query = "?receipt=true") => `/v1/users/${user}/claims${query}`;

async function keysOf(ask: Ask) {
  const { json } = await ask("GET", "/.well-known/jwks.json");
  return json as { keys: object[] };
}

async function read(ask: Ask, receipt: string): Promise<Receipt> {
  const verified = verifyReceipt(receipt, await keysOf(ask));
  if (!verified.ok) throw new Error(verified.error.message);
  return verified.value;
}

describe("the receipt of a claim", () => {
  it("is one for each package of a bundle, and the same in a replay", async () => {
    const ask = directoryWith(settingsOf([first.private]));
    const { user, signer, bearer } = await publisher(ask, { packages: 1 });
    const other = forge({ identity: user, signer, ciphersuite: 3 });
    await ask("POST", `${clientPath(user)}/key-packages`, bearer, { body: { key_packages: [base64url(other)] } });
    const claim = async () =>
      ask("POST", claimsPath(user), await claimerToken(), {
        body: { bundle: [[1], [3]] },
        headers: { "Idempotency-Key": "bundle" },
      });
    const claimed = await claim();
    const packages: Json[] = claimed.json.clients[0].packages;
    const receipts = await Promise.all(packages.map(({ receipt }) => read(ask, receipt)));
    expect(receipts).toMatchObject(
      packages.map(({ key_package_ref }) => ({ kind: "claim", body: { key_package_ref } })),
    );
    expect(receipts.map(({ body }: Json) => body.ciphersuite)).toEqual([1, 3]);
    expect((await claim()).text).toBe(claimed.text);
  });

  it("states directory, time, claim, target, package and claimer, and verifies with another implementation", async () => {
    const ask = directoryWith(settingsOf([first.private]));
    const { user } = await publisher(ask);
    const claimed = await ask("POST", claimsPath(user), await claimerToken(), { body: {} });
    const [given] = claimed.json.clients;
    const jwks = (await keysOf(ask)) as unknown as JSONWebKeySet;
    const { payload, protectedHeader } = await jwtVerify(given.receipt, createLocalJWKSet(jwks), {
      issuer: ISSUER,
      audience: "bob",
      typ: "kpd-claim+jwt",
    });
    expect(protectedHeader).toEqual({ alg: "EdDSA", kid: "first", typ: "kpd-claim+jwt" });
    expect(payload).toMatchObject({
      iat: nowSeconds(),
      sub: user,
      client: "phone",
      registered_at: nowSeconds(),
      claimer_client: "laptop",
      key_package_ref: given.key_package_ref,
      ciphersuite: given.ciphersuite,
      use: "one_time",
      signature_scheme: "ed25519",
      not_after: given.not_after,
    });
    const journal = await ask("GET", `${clientPath(user)}/journal`, await token({ user, scope: PUBLISH }));
    expect(journal.json.entries.map(({ sequence }: Json) => sequence)).toEqual([payload.claim]);
  });

  it("is verified by the SDK against the package that it came with, and not against another", async () => {
    const ask = directoryWith(settingsOf([first.private]));
    const { user, signer } = await publisher(ask);
    const bearer = await claimerToken();
    const [a, b] = [
      (await ask("POST", claimsPath(user), bearer, { body: {} })).json.clients[0],
      (await ask("POST", claimsPath(user), bearer, { body: {} })).json.clients[0],
    ];
    const keyPackageOf = (given: Json) => ({
      ref: given.key_package_ref,
      ciphersuite: given.ciphersuite,
      signatureKey: signer.publicKey,
      notAfter: given.not_after,
      lastResort: false,
    });
    const expected = { issuer: ISSUER, kind: "claim", user, client: "phone", claimer: { user: "bob" } } as const;
    const keys = await keysOf(ask);
    expect(verifyReceipt(a.receipt, keys, { ...expected, keyPackage: keyPackageOf(a) }).ok).toBe(true);
    const swapped = verifyReceipt(a.receipt, keys, { ...expected, keyPackage: keyPackageOf(b) });
    expect(swapped).toMatchObject({ ok: false, error: { code: "mismatch" } });
  });

  it("never calls a last resort one-time, and two claims that get it do not contradict each other", async () => {
    const ask = directoryWith(settingsOf([first.private]));
    const { user } = await publisher(ask, { packages: 0, lastResort: true });
    const receipts = [];
    for (const name of ["bob", "carol"]) {
      const { json } = await ask("POST", claimsPath(user), await claimerToken(name), { body: {} });
      receipts.push(await read(ask, json.clients[0].receipt));
    }
    expect(receipts.map(({ body }) => (body as { use?: string }).use)).toEqual(["last_resort", "last_resort"]);
    expect(contradictions(receipts)).toEqual([]);
  });

  it("comes for each package of a claim of many users", async () => {
    const ask = directoryWith(settingsOf([first.private]));
    const owners = [await publisher(ask), await publisher(ask)];
    const users = owners.map(({ user }) => user);
    const bearer = await claimerToken();
    const body = { users: [...users, freshName("nobody")] };
    const { json } = await ask("POST", "/v1/claims?receipt=true", bearer, { body });
    const receipts = json.users.flatMap(({ clients }: Json) => clients.map((one: Json) => one.receipt));
    expect(receipts).toHaveLength(2);
    const subjects = await Promise.all(receipts.map(async (one: string) => (await read(ask, one)).body.sub));
    expect(subjects).toEqual(users);
  });

  it("comes when it is asked for, or always where the deployment says so; packages alone have no place for it", async () => {
    const onRequest = directoryWith(settingsOf([first.private]));
    const always = directoryWith(settingsOf([first.private], { RECEIPTS: "always" }));
    const { user } = await publisher(onRequest, { packages: 6, query: "" });
    const bearer = await claimerToken();
    const hasReceipt = async (ask: Ask, query: string) =>
      "receipt" in (await ask("POST", claimsPath(user, query), bearer, { body: {} })).json.clients[0];
    expect(await hasReceipt(onRequest, "")).toBe(false);
    expect(await hasReceipt(onRequest, "?receipt=true")).toBe(true);
    expect(await hasReceipt(always, "")).toBe(true);
    expect(await hasReceipt(always, "?receipt=false")).toBe(false);
    const headers = { Accept: "message/mls" };
    const bytes = await always("POST", claimsPath(user, ""), bearer, { body: {}, headers });
    expect(bytes.headers.get("Content-Type")).toBe("message/mls");
    const asked = await always("POST", claimsPath(user), bearer, { body: {}, headers });
    expect(asked.json.clients[0].receipt).toBeTypeOf("string");
  });

  it("is refused before anything is taken by a directory that signs none", async () => {
    const none = directoryWith({});
    const { user } = await publisher(none, { packages: 1, query: "" });
    const bearer = await claimerToken();
    const refused = await none("POST", claimsPath(user), bearer, { body: {} });
    expect([refused.status, refused.json.code]).toEqual([422, "not_offered"]);
    expect((await none("POST", claimsPath(user, ""), bearer, { body: {} })).json.clients[0].status).toBe("claimed");
    expect(await keysOf(none)).toEqual({ keys: [] });
  });
});

describe("a replay", () => {
  const key = { "Idempotency-Key": "once" };

  it("has the same bytes, also when the key was changed in between and the clock has gone on", async () => {
    const old = directoryWith(settingsOf([first.private]));
    const { user } = await publisher(old);
    const bearer = await claimerToken();
    const original = await old("POST", claimsPath(user), bearer, { body: {}, headers: key });
    expect(original.json.clients[0].receipt).toBeTypeOf("string");
    vi.setSystemTime(Date.now() + 3_600_000);
    const second = receiptKey("second", nowSeconds() - 60);
    const renewed = directoryWith(settingsOf([second.private, first.private]));
    const later = await claimerToken();
    const replayed = await renewed("POST", claimsPath(user), later, { body: {}, headers: key });
    expect(replayed.headers.get("Idempotent-Replayed")).toBe("true");
    expect(replayed.text).toBe(original.text);
    const fresh = await renewed("POST", claimsPath(user), later, { body: {} });
    const { keys } = await keysOf(renewed);
    expect(keys.map((one) => (one as Json).kid)).toEqual(["second", "first"]);
    const kidOf = (jws: string) => JSON.parse(atob(jws.split(".")[0] ?? "")).kid;
    expect([original, fresh].map(({ json }) => kidOf(json.clients[0].receipt))).toEqual(["first", "second"]);
  });

  it("states the same under another key where the older private key was taken out too early", async () => {
    const old = directoryWith(settingsOf([first.private]));
    const { user } = await publisher(old);
    const bearer = await claimerToken();
    const original = await old("POST", claimsPath(user), bearer, { body: {}, headers: key });
    const second = receiptKey("second", nowSeconds() + 60);
    const renewed = directoryWith(settingsOf([second.private, first.public]));
    const replayed = await renewed("POST", claimsPath(user), bearer, { body: {}, headers: key });
    const [a, b] = [original, replayed].map(({ json }) => json.clients[0].receipt);
    expect(a).not.toBe(b);
    const receipts = [await read(renewed, a), await read(renewed, b)];
    expect(receipts[0]).toEqual(receipts[1]);
    expect(contradictions(receipts)).toEqual([]);
  });
});

test("the SDK asks for receipts where the application wants them, and hands them on", async () => {
  const bindings = { ...env, ...settingsOf([first.private]) };
  const person = (user: string, receipts: boolean) =>
    new KeyPackageDirectory({
      url: ORIGIN,
      audience: AUDIENCE,
      user,
      client: "phone",
      receipts,
      token: ({ scope }: TokenRequest) => token({ user, client: "phone", scope }),
      platform: { fetch: async (url, init) => full.fetch(new Request(url, init), bindings) },
    });
  const { user, signer } = await publisher(directoryWith({}), { packages: 1, query: "" });
  const owner = person(user, true);
  const replaced = await owner.replace([forge({ identity: user, signer }), forge({ identity: user, signer })]);
  expect(replaced.receipt).toBeTypeOf("string");
  const [taken] = (await person("bob", true).claim(user)).packages;
  const keys = await keysOf(directoryWith(settingsOf([first.private])));
  if (!taken?.receipt) throw new Error("expected a package with a receipt");
  const expected = { issuer: ISSUER, user, claimer: { user: "bob", client: "phone" }, keyPackage: taken };
  expect(verifyReceipt(taken.receipt, keys, expected).ok).toBe(true);
  expect((await person("carol", false).claim(user)).packages[0]?.receipt).toBeUndefined();
  expect((await owner.revoke()).receipt).toBeTypeOf("string");
});

describe("what an owner gets", () => {
  it("is a statement of the keys, of the packages in stock, and of the end", async () => {
    const ask = directoryWith(settingsOf([first.private]));
    const { user, bearer, registered, published } = await publisher(ask);
    const again = await ask("PUT", `${clientPath(user)}/key-packages?receipt=true&allow_empty=true`, bearer, {
      body: { key_packages: [] },
    });
    const ended = await ask("DELETE", `${clientPath(user)}?receipt=true`, bearer);
    const sibling = await token({ user, client: "tablet", scope: REVOKE });
    const endedAgain = await ask("POST", `${clientPath(user)}/revocation?receipt=true`, sibling);
    const bodies = [];
    for (const { json } of [registered, published, again, ended, endedAgain])
      bodies.push(await read(ask, json.receipt));
    const common = { iss: ISSUER, iat: nowSeconds(), sub: user, client: "phone", registered_at: nowSeconds() };
    const refs = published.json.results.map((one: Json) => one.key_package_ref);
    expect(bodies).toEqual([
      { kind: "registration", body: { ...common, signature_keys_sha256: { ed25519: expect.any(String) } } },
      { kind: "publication", body: { ...common, mode: "add", key_package_refs: refs } },
      { kind: "publication", body: { ...common, mode: "replace", key_package_refs: [] } },
      { kind: "revocation", body: { ...common, purged: 0 } },
      { kind: "revocation", body: { ...common, purged: 0 } },
    ]);
  });

  it("names the packages that were in stock already, and none that was refused", async () => {
    const ask = directoryWith(settingsOf([first.private]));
    const { user, signer, bearer } = await publisher(ask, { packages: 0 });
    const [good, broken] = [forge({ identity: user, signer }), forge({ identity: user, signer, breakSignature: true })];
    const path = `${clientPath(user)}/key-packages?receipt=true`;
    const body = { key_packages: [good, broken].map(base64url) };
    for (const code of ["stored", "duplicate"]) {
      const { json } = await ask("POST", path, bearer, { body });
      expect(json.results[0].code).toBe(code);
      const receipt = await read(ask, json.receipt);
      expect(receipt.body).toMatchObject({ key_package_refs: [json.results[0].key_package_ref] });
    }
  });
});

describe("a registration of the same name", () => {
  it("has a later time even within one second, so that its receipts are not taken for those of the one before", async () => {
    const ask = directoryWith(settingsOf([first.private]));
    const { user, bearer, registered } = await publisher(ask);
    await ask("DELETE", clientPath(user), bearer);
    const body = await registration({ user, client: "phone" }, newSigner());
    const again = await ask("PUT", `${clientPath(user)}?receipt=true`, bearer, { body });
    const receipts = [await read(ask, registered.json.receipt), await read(ask, again.json.receipt)];
    expect(receipts.map((one) => one.body.registered_at)).toEqual([nowSeconds(), nowSeconds() + 1]);
    expect(contradictions(receipts)).toEqual([]);
  });
});

describe("what an operator gets", () => {
  const operator = (ask: Ask) => async (path: string) => {
    const bearer = await token({ user: "operator", client: "console", scope: ADMIN });
    return ask("DELETE", `/v1/admin${path}`, bearer, { headers: { [REASON_HEADER]: "a test" } });
  };

  it("is a statement of the end of a client, and of each client of a user", async () => {
    const ask = directoryWith(settingsOf([first.private]));
    const { user, registered } = await publisher(ask);
    const revoke = operator(ask);
    const since = registered.json.registered_at;
    const body = { iss: ISSUER, iat: nowSeconds(), sub: user, client: "phone", registered_at: since };
    const all = await revoke(`/users/${user}?receipt=true`);
    expect(all.json).toEqual({
      user,
      clients: 1,
      purged: 2,
      receipts: [{ client: "phone", receipt: expect.any(String) }],
    });
    expect(await read(ask, all.json.receipts[0].receipt)).toEqual({ kind: "revocation", body: { ...body, purged: 2 } });
    const one = await revoke(`/users/${user}/clients/phone?receipt=true`);
    expect(await read(ask, one.json.receipt)).toEqual({ kind: "revocation", body: { ...body, purged: 0 } });
    // Later, too, it ended when it did.
    vi.setSystemTime(Date.now() + 3_600_000);
    const later = await revoke(`/users/${user}/clients/phone?receipt=true`);
    const receipts = [await read(ask, all.json.receipts[0].receipt), await read(ask, later.json.receipt)];
    expect(receipts.map((each) => each.body.iat)).toEqual([body.iat, body.iat]);
    expect(contradictions(receipts)).toEqual([]);
    // Nobody is registered any more.
    expect((await revoke(`/users/${user}?receipt=true`)).json).toEqual({ user, clients: 0, purged: 0, receipts: [] });
    expect((await revoke(`/users/${user}`)).json.receipts).toBeUndefined();
  });

  it("is a refusal where none are signed, before anything is ended", async () => {
    const ask = directoryWith({});
    const { user, bearer } = await publisher(ask, { query: "" });
    for (const path of [`/users/${user}`, `/users/${user}/clients/phone`]) {
      expect((await operator(ask)(`${path}?receipt=true`)).json.code).toBe("not_offered");
    }
    expect((await ask("GET", clientPath(user), bearer)).status).toBe(200);
  });
});

describe("the deployment", () => {
  it("tells in the policy whose receipts they are and when they come, and publishes no private key", async () => {
    const ask = directoryWith(settingsOf([first.private], { RECEIPTS: "always" }));
    expect((await ask("GET", "/v1/policy")).json.receipts).toEqual({ issuer: ISSUER, given: "always" });
    expect((await directoryWith({})("GET", "/v1/policy")).json.receipts).toBeUndefined();
    const { text, headers } = await ask("GET", "/.well-known/jwks.json");
    expect(JSON.parse(text)).toEqual({ keys: [{ ...first.public, alg: "EdDSA", use: "sig" }] });
    expect(headers.get("Cache-Control")).toContain("public");
  });

  it("names a private key that is not that of its public key", async () => {
    const ask = directoryWith(settingsOf([{ ...first.private, x: receiptKey("other").public.x }]));
    const { user } = await publisher(directoryWith({}), { query: "" });
    const refused = await ask("POST", claimsPath(user), await claimerToken(), { body: {} });
    expect([refused.status, refused.json.code]).toEqual([503, "setting_invalid"]);
    expect(refused.json.detail).toContain("RECEIPT_KEYS has a key first whose d and x do not belong together");
    // So that a smoke test hears of it before a claimer does.
    expect((await ask("GET", "/readyz")).json.detail).toBe(refused.json.detail);
    expect(refused.text).not.toContain(first.private.d);
  });

  it("of the plain Worker is closed while it is set to sign", async () => {
    const answer = await plain.fetch(new Request(`${ORIGIN}/healthz`), { ...env, ...settingsOf([first.private]) });
    expect([answer.status, ((await answer.json()) as Json).detail]).toEqual([
      503,
      expect.stringContaining("set main to src/worker-full.ts"),
    ]);
  });
});
