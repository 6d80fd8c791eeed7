/** A directory for clients of OpenMLS 0.9: its policy, and packages of post-quantum suites from upload to claim. */
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { app } from "../../../src/http/app.ts";
import type { CiphersuiteInfo } from "../../../src/mls/ciphersuite.ts";
import { generateKeyPackages, newIdentity, PROFILES, suiteOf } from "../../../src/mls/index.ts";
import { postQuantumCrypto } from "../../../src/mls/post-quantum/index.ts";
import { poolFor } from "../../../src/pool/address.ts";
import { registrationBody } from "../../../tools/lib/registration-requests.ts";
import { AUDIENCE, PUBLISH, token } from "../support/auth.ts";
import { base64url } from "../support/forge-for-now.ts";
import { call, claimer, clientPath, freshName, type Json, ORIGIN } from "../support/http.ts";
import { nowSeconds, settled } from "../support/pool-calls.ts";

const profile = PROFILES.find(({ name }) => name === "openmls-0.9");

function suite(number: number): CiphersuiteInfo {
  const found = profile && suiteOf(profile, number);
  if (!found) throw new Error(`no suite ${number}`);
  return found;
}

/** A registered client of one suite, and packages of it. */
async function ownerOf(info: CiphersuiteInfo) {
  const user = freshName("owner");
  const crypto = postQuantumCrypto;
  const identity = await newIdentity(user, { ciphersuite: info, crypto });
  const bearer = await token({ user, scope: PUBLISH });
  const key = {
    scheme: info.signatureScheme,
    publicKey: identity.signatureKey.bytes,
    privateKey: identity.signer.privateKey(),
  };
  const body = await registrationBody({ audience: AUDIENCE, user, client: "phone" }, key);
  const registered = await call("PUT", clientPath(user), { token: bearer, body });
  expect(registered.status).toBe(201);
  return {
    user,
    make: async (count: number) => {
      const made = await generateKeyPackages({ identity, count, now: nowSeconds(), crypto });
      if (!made.ok) throw new Error(made.error.message);
      return made.value.map((bundle) => bundle.keyPackage().bytes);
    },
    publish: async (packages: readonly Uint8Array[]) => {
      const answer = await call("POST", `${clientPath(user)}/key-packages`, {
        token: bearer,
        body: { key_packages: packages.map(base64url) },
      });
      await settled(poolFor(env, user));
      return answer;
    },
  };
}

test("the policy names the profile, and the algorithms of every number", async () => {
  const { json } = await call("GET", "/v1/policy");
  expect(json.ciphersuite_profile).toBe("openmls-0.9");
  expect(json.ciphersuites).toEqual(profile?.suites.map(({ ciphersuite }) => ciphersuite));
  expect(json.ciphersuite_algorithms).toContainEqual({
    ciphersuite: 0x4d,
    name: "MLS_256_XWING_CHACHA20POLY1305_SHA256_Ed25519",
    kem: "mlkem768-x25519",
    aead: "chacha20-poly1305",
    hash: "SHA-256",
    signature: "ed25519",
  });
  expect(json.ciphersuites_left_out).toEqual([]);
});

test("the plain entry says which suites of the profile it leaves out and why, and closes if one is asked for", async () => {
  const answer = await app.request(`${ORIGIN}/v1/policy`, {}, { ...env });
  const policy: Json = await answer.json();
  const left = policy.ciphersuites_left_out.map((one: Json) => one.ciphersuite);
  expect(left).toEqual([0x51, 0x52, 0x906, 0x907]);
  expect(policy.ciphersuites_left_out[0]).toEqual({
    ciphersuite: 0x51,
    name: "MLS_192_MLKEM768_AES256GCM_SHA384_MLDSA65",
    reason: "ML-DSA signatures are not in this build of the service",
  });
  expect(policy.ciphersuites).toEqual(
    profile?.suites.map(({ ciphersuite }) => ciphersuite).filter((number) => !left.includes(number)),
  );
  const asked = await app.request(`${ORIGIN}/healthz`, {}, { ...env, CIPHERSUITES: "1,0x0907" });
  expect([asked.status, ((await asked.json()) as Json).detail]).toEqual([
    503,
    "expected settings that can be read, got: setting CIPHERSUITES has 2311, whose signatures (ML-DSA) this build of the Worker cannot check: set main to src/worker-full.ts",
  ]);
});

test.each([0x42, 0x4d, 0x51, 0x906, 0xf042])(
  "packages of suite %i are stored, and claimed as they were sent",
  async (number) => {
    const owner = await ownerOf(suite(number));
    const [first, second] = await owner.make(2);
    if (!first || !second) throw new Error("expected two packages");
    const broken = Uint8Array.from(second);
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
    const published = await owner.publish([first, broken]);
    expect(published.json.results[0]).toMatchObject({ code: "stored", ciphersuite: number });
    expect(published.json.results[1].code).toBe("invalid_signature");
    const { json } = await (await claimer()).claim(owner.user, { ciphersuites: [number] });
    expect(json.clients[0]).toMatchObject({ status: "claimed", ciphersuite: number, key_package: base64url(first) });
  },
);

test("a request takes as many packages of the largest suite as fit into its body, and they fit", async () => {
  const { json: policy } = await call("GET", "/v1/policy");
  const limit = policy.limits.key_packages_per_request;
  expect(limit).toBeGreaterThan(40);
  expect(limit).toBeLessThan(100);
  const owner = await ownerOf(suite(0x906));
  const packages = await owner.make(limit + 1);
  const { status, json } = await owner.publish(packages.slice(1));
  expect([status, json.results.map(({ code }: Json) => code)]).toEqual([200, packages.slice(1).map(() => "stored")]);
  expect((await owner.publish(packages)).json).toMatchObject({
    code: "too_many_key_packages",
    detail: `expected at most ${limit} packages, got ${limit + 1}`,
  });
});
