/** Registering: whose key it is, that the caller holds it, and for how long a proof of that is good. */
import { env } from "cloudflare:workers";
import { describe, expect, it, test, vi } from "vitest";
import { app } from "../../../src/http/app.ts";
import { isMlDsa, SignatureScheme } from "../../../src/mls/ciphersuite.ts";
import { nobleCrypto } from "../../../src/mls/crypto/noble.ts";
import { postQuantumCrypto } from "../../../src/mls/post-quantum/index.ts";
import { poolFor } from "../../../src/pool/address.ts";
import { registrationBody } from "../../../tools/lib/registration-requests.ts";
import { AUDIENCE, token } from "../support/auth.ts";
import { base64url, forge, newSigner } from "../support/forge-for-now.ts";
import { call, clientPath, freshName, ORIGIN, registeredOwner, registration } from "../support/http.ts";
import { NO_EPOCH, nowSeconds } from "../support/pool-calls.ts";

const WINDOW_SECONDS = 300;

/** A user who has never registered anything. */
async function newcomer() {
  const user = freshName("newcomer");
  const bearer = await token({ user });
  return {
    user,
    register: (body: unknown) => call("PUT", clientPath(user), { token: bearer, body }),
    /** Whether the pool has ever heard of the user. */
    isKnown: async () => (await poolFor(env, user).view({ user, restoreEpoch: NO_EPOCH })).outcome !== "unknown_user",
  };
}

/** Schemes of the suites that the Worker under test accepts. */
const SCHEMES = Object.values(SignatureScheme).filter((scheme) => !isMlDsa(scheme));

test("a key of a scheme that no accepted suite has and the Worker cannot check is refused by its name", async () => {
  const { user, register, isKnown } = await newcomer();
  const pair = await postQuantumCrypto.generateSignatureKeyPair(SignatureScheme.mldsa44);
  const key = { scheme: SignatureScheme.mldsa44, ...pair };
  const { status, json } = await register(await registrationBody({ audience: AUDIENCE, user, client: "phone" }, key));
  expect([status, json.code, json.detail]).toEqual([
    422,
    "invalid_signature_key",
    "/signature_keys/mldsa44: expected the scheme of a ciphersuite that is accepted, got mldsa44",
  ]);
  expect(await isKnown()).toBe(false);
});

test("keys of all schemes are registered at once, each with its proof", async () => {
  const { user, register } = await newcomer();
  const keys = await Promise.all(
    SCHEMES.map(async (scheme) => ({
      scheme,
      ...(await nobleCrypto.generateSignatureKeyPair(scheme)),
    })),
  );
  const body = await registrationBody({ audience: AUDIENCE, user, client: "phone" }, ...keys);
  const answer = await register(body);
  expect([answer.status, answer.json.signature_keys]).toEqual([201, body.signature_keys]);
  const [last] = Object.keys(body.proofs).slice(-1);
  const { [last ?? ""]: _, ...fewer } = body.proofs;
  expect((await register({ ...body, proofs: fewer })).json).toMatchObject({
    code: "invalid_request",
    errors: [{ pointer: "/proofs", detail: expect.stringContaining("(ecdsa_secp256r1_sha256 and") }],
  });
});

describe("keys that are read from key packages", () => {
  const ofPackages = ({ signature_keys: _, ...rest }: Record<string, unknown>, packages: readonly Uint8Array[]) => ({
    ...rest,
    key_packages: packages.map(base64url),
  });

  it("are registered with the same proof, and the package is not stored", async () => {
    const { user, register } = await newcomer();
    const signer = newSigner();
    const body = await registration({ user, client: "phone" }, signer);
    const keyPackage = forge({ identity: user, signer });
    const answer = await register(ofPackages(body, [keyPackage, forge({ identity: user, signer })]));
    expect([answer.status, answer.json.signature_keys]).toEqual([201, body.signature_keys]);
    expect(answer.json.inventory).toMatchObject([
      { ciphersuite: 1, available: 0 },
      { ciphersuite: 3, available: 0 },
    ]);
    expect((await register(body)).status).toBe(200);
  });

  it("are not without a proof by that very key, or with one of another scheme", async () => {
    const { user, register, isKnown } = await newcomer();
    const signer = newSigner();
    const keyPackage = forge({ identity: user, signer: newSigner() });
    const body = await registration({ user, client: "phone" }, signer);
    expect((await register(ofPackages(body, [keyPackage]))).json.code).toBe("possession_unproven");
    const proofs = { ed448: "AAAA" };
    expect((await register(ofPackages({ ...body, proofs }, [keyPackage]))).json).toMatchObject({
      code: "invalid_request",
      detail: "/proofs: expected one proof for each signature key (ed25519), got ed448",
    });
    expect(await isKnown()).toBe(false);
  });

  it("are refused with what is wrong with the package, or if two packages have different ones", async () => {
    const { user, register, isKnown } = await newcomer();
    const signer = newSigner();
    const body = await registration({ user, client: "phone" }, signer);
    const good = forge({ identity: user, signer });
    const refusalOf = async (packages: readonly Uint8Array[]) => {
      const { status, json } = await register(ofPackages(body, packages));
      return [status, json.code, json.detail];
    };
    expect(await refusalOf([good, good.subarray(0, 9)])).toEqual([
      422,
      "invalid_key_package",
      expect.stringMatching(/^\/key_packages\/1: expected a KeyPackage, .+ at byte \d+$/),
    ]);
    expect(await refusalOf([new Uint8Array(16 * 1024 + 1)])).toEqual([
      422,
      "invalid_key_package",
      "/key_packages/0: expected at most 16384 bytes, got 16385",
    ]);
    expect(await refusalOf([good, forge({ identity: user, signer: newSigner() })])).toEqual([
      422,
      "invalid_key_package",
      "/key_packages/1: expected the key of /key_packages/0, which is of the same scheme, got another",
    ]);
    const tooFew = "/key_packages: expected at least 1 items, got 0";
    expect(await refusalOf([])).toEqual([400, "invalid_request", tooFew]);
    const tooMany = "/key_packages: expected at most 8 items, got 9";
    expect(await refusalOf(Array(9).fill(good))).toEqual([400, "invalid_request", tooMany]);
    const both = { ...body, key_packages: [base64url(good)] };
    expect((await register(both)).json).toMatchObject({ code: "invalid_request", errors: [{ pointer: "" }] });
    expect(await isKnown()).toBe(false);
  });
});

describe("a key is not registered, and the pool does not hear of it,", () => {
  it("without a proof, or without its time", async () => {
    const { user, register, isKnown } = await newcomer();
    const { signature_keys, signed_at, proofs } = await registration({ user, client: "phone" }, newSigner());
    for (const body of [
      { signature_keys },
      { signature_keys, signed_at },
      { signature_keys, proofs },
      { signature_keys, signed_at, proofs: {} },
      { signature_keys, signed_at, proofs: { ...proofs, ed448: "AAAA" } },
    ]) {
      const { status, json } = await register(body);
      expect([status, json.code]).toEqual([400, "invalid_request"]);
    }
    expect(await isKnown()).toBe(false);
  });

  it("with a proof by another key, or for another directory, user, client or time", async () => {
    const { user, register, isKnown } = await newcomer();
    const signer = newSigner();
    const good = await registration({ user, client: "phone" }, signer);
    const key = { publicKey: signer.publicKey, privateKey: signer.secretKey };
    const wrong = [
      await registration({ user, client: "phone" }, newSigner()),
      await registrationBody({ audience: "elsewhere", user, client: "phone" }, key),
      await registration({ user: "mallory", client: "phone" }, signer),
      await registration({ user, client: "tablet" }, signer),
      await registration({ user, client: "phone", signedAt: nowSeconds() - 1 }, signer),
    ];
    for (const { proofs } of wrong) {
      const { status, json } = await register({ ...good, proofs });
      expect([status, json.code]).toEqual([422, "possession_unproven"]);
    }
    expect(await isKnown()).toBe(false);
    expect((await register(good)).status).toBe(201);
  });

  it("with a proof of another time, and is told the directory's", async () => {
    const { user, register, isKnown } = await newcomer();
    const signer = newSigner();
    const at = (signedAt: number) => registration({ user, client: "phone", signedAt }, signer);
    const now = nowSeconds();
    for (const signedAt of [0, now - WINDOW_SECONDS - 1, now + WINDOW_SECONDS + 1, Number.MAX_SAFE_INTEGER]) {
      const { status, json } = await register(await at(signedAt));
      expect([status, json]).toMatchObject([
        422,
        {
          code: "proof_expired",
          detail: `expected signed_at within 300 seconds of ${now}, got ${signedAt}`,
          server_time: now,
          signed_at: signedAt,
        },
      ]);
    }
    expect(await isKnown()).toBe(false);
    const { json } = await register(await at(0));
    expect((await register(await at(json.server_time))).status).toBe(201);
  });
});

test("clocks may differ by five minutes either way", async () => {
  for (const difference of [-WINDOW_SECONDS, WINDOW_SECONDS]) {
    const { user, register } = await newcomer();
    const signedAt = nowSeconds() + difference;
    expect((await register(await registration({ user, client: "phone", signedAt }, newSigner()))).status).toBe(201);
  }
});

test("a proof that is sent again registers the same key for the same client, and later nothing", async () => {
  const { user, register } = await newcomer();
  const body = await registration({ user, client: "phone" }, newSigner());
  expect((await register(body)).status).toBe(201);
  expect((await register(body)).status).toBe(200);
  vi.setSystemTime(Date.now() + (WINDOW_SECONDS + 1) * 1000);
  const bearer = await token({ user });
  const late = await call("PUT", clientPath(user), { token: bearer, body });
  expect(late.json.code).toBe("proof_expired");
});

test("a signature key is one client's until that client is revoked", async () => {
  const phone = await registeredOwner();
  const bearer = await token({ user: phone.user, client: "tablet" });
  const registerTablet = async () =>
    call("PUT", clientPath(phone.user, "tablet"), {
      token: bearer,
      body: await registration({ user: phone.user, client: "tablet" }, phone.signer),
    });
  const { status, json } = await registerTablet();
  expect([status, json.code]).toEqual([409, "signature_key_in_use"]);
  // Which of the user's clients has it is not the caller's to know.
  expect(JSON.stringify(json)).not.toContain("phone");
  expect((await phone.register()).status).toBe(200);
  expect((await phone.as("DELETE", "")).status).toBe(200);
  expect((await registerTablet()).status).toBe(201);
});

describe("a package as the only proof", () => {
  const NAMED = "{user}:{client}@example.com";

  /** Registers with packages alone, where identities are of this form. */
  async function register(user: string, packages: readonly Uint8Array[], template = NAMED, extra = {}) {
    const headers = { Authorization: `Bearer ${await token({ user })}`, "Content-Type": "application/json" };
    const body = JSON.stringify({ key_packages: packages.map(base64url), ...extra });
    const settings = { ...env, CREDENTIAL_IDENTITY: template };
    const answer = await app.request(ORIGIN + clientPath(user), { method: "PUT", headers, body }, settings);
    const json = (await answer.json()) as { code?: string; detail?: string; signature_keys?: object };
    return { status: answer.status, ...json };
  }

  const unproven = (detail: string) => ({
    status: 422,
    code: "possession_unproven",
    detail: expect.stringContaining(detail),
  });

  it("registers the key that it is signed with, where its identity names user and client", async () => {
    const user = freshName("packaged");
    const signer = newSigner();
    const keyPackage = forge({ identity: `${user}:phone@example.com`, signer });
    expect(await register(user, [keyPackage])).toMatchObject({
      status: 201,
      signature_keys: { ed25519: base64url(signer.publicKey) },
    });
    expect((await register(user, [keyPackage])).status).toBe(200);
  });

  it("is not enough where identities do not name both", async () => {
    const user = freshName("packaged");
    for (const template of ["{user}", "*", "{client}@example.com"]) {
      const identity = template.replace("{user}", user).replace("{client}", "phone");
      const refused = unproven("expected signed_at and proofs");
      expect(await register(user, [forge({ identity, signer: newSigner() })], template)).toMatchObject(refused);
    }
  });

  it("is refused when it is another client's, has a wrong signature, or was made hours ago", async () => {
    const user = freshName("packaged");
    const own = { identity: `${user}:phone@example.com`, signer: newSigner() };
    const others = forge({ ...own, identity: `${user}:tablet@example.com` });
    expect(await register(user, [others])).toMatchObject(unproven("credential_identity_mismatch"));
    for (const broken of [{ breakSignature: true }, { breakLeafSignature: true }]) {
      expect(await register(user, [forge({ ...own, ...broken })])).toMatchObject(unproven("signature"));
    }
    const made = (secondsAgo: number) => forge({ ...own, notBefore: BigInt(nowSeconds() - secondsAgo) });
    expect(await register(user, [made(7_260)])).toMatchObject(
      unproven("expected a not_before at most 7200 seconds ago"),
    );
    expect(await register(user, [forge(own)], NAMED, { signed_at: nowSeconds() })).toMatchObject({
      code: "invalid_request",
    });
    expect((await poolFor(env, user).view({ user, restoreEpoch: NO_EPOCH })).outcome).toBe("unknown_user");
    expect((await register(user, [made(6_000)])).status).toBe(201);
  });
});

test("names whose identity another pair of names could have are refused where the identity has both", async () => {
  const settings = { ...env, CREDENTIAL_IDENTITY: "{user}:{client}" };
  const register = async (user: string, client: string) => {
    const bearer = await token({ user, client });
    const body = JSON.stringify(await registration({ user, client }, newSigner()));
    const headers = { Authorization: `Bearer ${bearer}`, "Content-Type": "application/json" };
    const answer = await app.request(ORIGIN + clientPath(user, client), { method: "PUT", headers, body }, settings);
    return [answer.status, ((await answer.json()) as { code?: string }).code];
  };
  const user = freshName("alice");
  expect(await register(user, "phone:x")).toEqual([400, "invalid_identifier"]);
  expect(await register(`${user}:phone`, "x")).toEqual([400, "invalid_identifier"]);
  expect(await register(user, "phone")).toEqual([201, undefined]);
});
