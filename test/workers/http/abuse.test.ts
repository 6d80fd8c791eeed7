/**
 * Who tries what, and what he gets: a table. Each attempt stands for itself and ends in the status and code beside
 * it; `call` holds every answer against the description of the API besides. The drainers are in budgets/drainers.test.ts, slow
 * bodies in faults.test.ts.
 */
import { env } from "cloudflare:workers";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { beforeAll, describe, expect, it, vi } from "vitest";
import {
  MAX_BODY_BYTES,
  MAX_KEY_PACKAGE_BYTES,
  REFUSAL_BUDGET_PACKAGES_PER_MINUTE,
} from "../../../src/config/limits.ts";
import { app } from "../../../src/http/app.ts";
import { batchVerifier } from "../../../src/mls/crypto/batch-verifier.ts";
import { encodeMlsMessage } from "../../../src/mls/key-package/mls-message.ts";
import { AUDIENCE, CLAIM, ISSUER, PUBLISH, token } from "../support/auth.ts";
import { base64url } from "../support/forge-for-now.ts";
import {
  type Answer,
  call,
  claimer,
  clientPath,
  freshName,
  ORIGIN,
  registeredOwner,
  registration,
} from "../support/http.ts";

type Attempt = {
  readonly who: string;
  readonly does: () => Promise<Answer>;
  readonly gets: readonly [status: number, code?: string];
};

let owner: Awaited<ReturnType<typeof registeredOwner>>;
let bob: Awaited<ReturnType<typeof claimer>>;

beforeAll(async () => {
  owner = await registeredOwner();
  bob = await claimer();
});

const encode = (part: unknown): string => base64url(new TextEncoder().encode(JSON.stringify(part)));
const claims = () => ({
  sub: owner.user,
  device_id: owner.client,
  scope: PUBLISH,
  iss: ISSUER,
  aud: AUDIENCE,
  exp: Math.floor(Date.now() / 1000) + 600,
});
const inventoryWith = (bearer: string) => call("GET", `${owner.path}/inventory`, { token: bearer });
const signed = async (header: Record<string, unknown>) => {
  const { privateKey } = await generateKeyPair("ES256");
  return new SignJWT(claims()).setProtectedHeader({ alg: "ES256", ...header }).sign(privateKey);
};

const TOKENS: readonly Attempt[] = [
  {
    who: "a forger without a signature (alg none)",
    does: () => inventoryWith(`${encode({ alg: "none" })}.${encode(claims())}.`),
    gets: [401, "token_invalid"],
  },
  {
    who: "a forger who signs with the public key as an HMAC secret",
    does: async () => {
      const secret = new TextEncoder().encode((env as unknown as { AUTH_JWKS: string }).AUTH_JWKS);
      const jwt = new SignJWT(claims()).setProtectedHeader({ alg: "HS256", kid: "test" });
      return inventoryWith(await jwt.sign(secret));
    },
    gets: [401, "token_invalid"],
  },
  {
    who: "a forger with a key of his own under the true kid",
    does: async () => inventoryWith(await signed({ kid: "test" })),
    gets: [401, "token_invalid"],
  },
  {
    who: "a forger whose kid is a path",
    does: async () => inventoryWith(await signed({ kid: "../../../dev/null" })),
    gets: [401, "token_invalid"],
  },
  {
    who: "a forger whose kid is SQL",
    does: async () => inventoryWith(await signed({ kid: "x' UNION SELECT 'key" })),
    gets: [401, "token_invalid"],
  },
  {
    who: "a forger who names the place of his key (jku)",
    does: async () => inventoryWith(await signed({ kid: "mine", jku: "https://forger.test/jwks" })),
    gets: [401, "token_invalid"],
  },
  {
    who: "a holder of another issuer's token",
    does: async () => inventoryWith(await token({ user: owner.user, issuer: "https://other.test" })),
    gets: [401, "wrong_issuer"],
  },
  {
    who: "a holder of a token for another service",
    does: async () => inventoryWith(await token({ user: owner.user, audience: "other" })),
    gets: [401, "wrong_audience"],
  },
  {
    who: "a sender of a token of 100 KB",
    does: () => inventoryWith("x".repeat(100_000)),
    gets: [401, "token_invalid"],
  },
  {
    who: "an owner at another user's stock",
    does: async () => inventoryWith(await token({ user: freshName("mallory") })),
    gets: [403, "not_owner"],
  },
  {
    who: "an owner at another client of his own",
    does: async () => inventoryWith(await token({ user: owner.user, client: "tablet" })),
    gets: [403, "not_owner"],
  },
  {
    who: "an claimer who wants to publish",
    does: async () => inventoryWith(await token({ user: owner.user, scope: CLAIM })),
    gets: [403, "insufficient_scope"],
  },
];

const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
const publishRaw = (raw: BodyInit) =>
  owner.as("POST", "/key-packages", { raw, headers: { "Content-Type": "application/json" } });

const BODIES: readonly Attempt[] = [
  {
    who: "a sender of a body above the limit",
    does: () => publishRaw("x".repeat(MAX_BODY_BYTES + 1)),
    gets: [413, "body_too_large"],
  },
  {
    who: "a sender of a body without a length that never ends",
    does: () =>
      publishRaw(
        new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024).fill(0x20)) }),
      ),
    gets: [413, "body_too_large"],
  },
  { who: "a sender of JSON 400,000 levels deep", does: () => publishRaw(deep(400_000)), gets: [400] },
  {
    who: "a sender of a package 100,000 levels deep",
    does: () => publishRaw(`{"key_packages":${deep(100_000)}}`),
    gets: [400],
  },
  {
    who: "a publisher of half a million numbers",
    does: () => publishRaw(`{"key_packages":[${"1,".repeat(500_000)}1]}`),
    gets: [422, "too_many_key_packages"],
  },
  {
    who: "a publisher of 1,000 MLSMessages",
    does: () => {
      const message = encodeMlsMessage(owner.forge());
      const body = new Uint8Array(1000 * message.length);
      for (let at = 0; at < body.length; at += message.length) body.set(message, at);
      return owner.as("POST", "/key-packages", { raw: body, headers: { "Content-Type": "message/mls" } });
    },
    gets: [422, "too_many_key_packages"],
  },
  {
    who: "a sender of 80,000 members that nobody knows",
    does: () => publishRaw(`{${Array.from({ length: 80_000 }, (_, index) => `"k${index}":1`).join()}}`),
    gets: [422, "too_many_values"],
  },
  {
    who: "a claimer of a quarter of a million users",
    does: () => bob.claimMany({ users: Array(250_000).fill("a") }),
    gets: [413, "body_too_large"],
  },
  {
    who: "a claimer of 100,000 users",
    does: () => bob.claimMany({ users: Array(100_000).fill("a") }),
    gets: [422, "too_many_users"],
  },
  {
    who: "a sender of a registration of a megabyte",
    does: () => owner.as("PUT", "", { body: { signature_keys: { ed25519: "A".repeat(MAX_BODY_BYTES - 100) } } }),
    gets: [413, "body_too_large"],
  },
  {
    who: "a sender of JSON with a __proto__",
    does: () => publishRaw('{"__proto__":{"key_packages":[]}}'),
    gets: [400, "invalid_request"],
  },
  {
    who: "a sender of a body that is no UTF-8",
    does: () => publishRaw(new Uint8Array([0x22, 0xff, 0x22])),
    gets: [400, "invalid_json"],
  },
  {
    who: "a publisher of 101 packages",
    does: () => owner.publish(Array.from({ length: 101 }, () => new Uint8Array(1))),
    gets: [422, "too_many_key_packages"],
  },
  {
    who: "a remover of 1,001 references",
    does: () => owner.as("DELETE", "/key-packages", { body: { refs: Array(1001).fill("AAAA") } }),
    gets: [422, "too_many_refs"],
  },
  {
    who: "a claimer of 101 users",
    does: () => bob.claimMany({ users: Array.from({ length: 101 }, (_, index) => `u${index}`) }),
    gets: [422, "too_many_users"],
  },
  {
    who: "a claimer with 257 ciphersuites",
    does: () => bob.claim(owner.user, { ciphersuites: Array(257).fill(1) }),
    gets: [400, "invalid_request"],
  },
  {
    who: "a claimer with an idempotency key of 10 KB",
    does: () => bob.claim(owner.user, {}, { "Idempotency-Key": "k".repeat(10_000) }),
    gets: [400, "invalid_idempotency_key"],
  },
  {
    who: "a client that sends a header of 10 KB that nobody reads",
    does: () => owner.as("GET", "/inventory", { headers: { "X-Nobody": "x".repeat(10_000) } }),
    gets: [200],
  },
];

/** A user of that name registers, and is found under it. */
const registers = (name: string) => async () => {
  const bearer = await token({ user: name });
  const body = await registration({ user: name, client: "phone" }, owner.signer);
  const answer = await call("PUT", clientPath(name), { token: bearer, body });
  const found = await call("GET", `/v1/users/${encodeURIComponent(name)}/clients`, { token: bob.token });
  expect(found.json).toMatchObject({ user: name, clients: [{}] });
  return answer;
};

const NAMES: readonly Attempt[] = [
  { who: "a user with slashes and dots", does: registers(`../../v1/admin/${freshName("x")}`), gets: [201] },
  { who: "a user in another script", does: registers(`ж-ß-用户-${freshName("x")}`), gets: [201] },
  { who: "a user with percent signs", does: registers(`%2e%2e%2f${freshName("x")}`), gets: [201] },
  { who: "a user with quotes and SQL", does: registers(`'; DROP TABLE users; --${freshName("x")}`), gets: [201] },
  {
    who: "a path with a broken percent sign",
    does: () => bobAt("/v1/users/%E0%A4%A/claims"),
    gets: [400, "invalid_identifier"],
  },
  {
    who: "a path with an encoded control character",
    does: () => bobAt("/v1/users/a%00b/claims"),
    gets: [400, "invalid_identifier"],
  },
  {
    who: "a path with a lone surrogate",
    does: () => bobAt("/v1/users/%ED%A0%80/claims"),
    gets: [400, "invalid_identifier"],
  },
  {
    who: "a path with a name of 10 KB",
    does: () => bobAt(`/v1/users/${"a".repeat(10_000)}/claims`),
    gets: [400, "invalid_identifier"],
  },
  {
    who: "a sender of an unread header of 100 KB",
    does: () =>
      call("GET", `${owner.path}/inventory`, { token: owner.token, headers: { "X-Whatever": "x".repeat(100_000) } }),
    gets: [200],
  },
  {
    who: "a name of 20 KB, which makes too long a URL",
    does: () => bobAt(`/v1/users/${"a".repeat(20_000)}/claims`),
    gets: [414, "uri_too_long"],
  },
  {
    who: "a query of 20 KB",
    does: () => call("GET", `${owner.path}/journal?after=${"1".repeat(20_000)}`, { token: owner.token }),
    gets: [414, "uri_too_long"],
  },
  { who: "a path of 10 KB to nowhere", does: () => bobAt(`/v1/${"a".repeat(10_000)}`), gets: [404, "route_not_found"] },
];
const bobAt = (path: string) => call("POST", path, { token: bob.token, body: {} });

describe.each([
  ["abuse by tokens", TOKENS],
  ["abuse by bodies", BODIES],
  ["abuse by names", NAMES],
] as const)("%s", (_, attempts) => {
  it.each(attempts.map((attempt) => ({ ...attempt, result: attempt.gets.join(" ") })))(
    "$who gets $result",
    async ({ does, gets: [status, code] }) => {
      const answer = await does();
      expect({ status: answer.status, code: code && answer.json?.code }).toEqual({ status, code });
    },
  );
});

describe("an issuer whose keys are RSA", () => {
  it("is believed when it signs, and nobody who takes its public key for a secret", async () => {
    const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: "rsa", alg: "RS256", use: "sig" };
    const bindings = { ...env, AUTH_JWKS: JSON.stringify({ keys: [jwk] }) };
    const ask = async (jwt: string) => {
      const headers = { Authorization: `Bearer ${jwt}` };
      const response = await app.request(`${ORIGIN}${owner.path}/inventory`, { headers }, bindings);
      return response.status;
    };
    const jwt = (alg: string) => new SignJWT(claims()).setProtectedHeader({ alg, kid: "rsa" });
    expect(await ask(await jwt("RS256").sign(privateKey))).toBe(200);
    const secrets = [await exportSPKI(publicKey), JSON.stringify(jwk), String(jwk.n)];
    for (const alg of ["HS256", "HS512"]) {
      for (const secret of secrets) expect(await ask(await jwt(alg).sign(new TextEncoder().encode(secret)))).toBe(401);
    }
  });
});

describe("abuse by uploads", () => {
  it("checks at most a minute's budget of wrong signatures for one client, and then none", async () => {
    const uploader = await registeredOwner();
    const wrong = uploader.forgeMany(100, { breakSignature: true });
    const codes: unknown[] = [];
    let answer = await uploader.publish(wrong);
    for (; answer.status === 200 && codes.length < 1000; answer = await uploader.publish(wrong)) {
      codes.push(...answer.json.results.map((result: { code: string }) => result.code));
    }
    expect(new Set(codes)).toEqual(new Set(["invalid_signature"]));
    expect(codes).toHaveLength(REFUSAL_BUDGET_PACKAGES_PER_MINUTE);
    expect([answer.status, answer.json.code]).toEqual([429, "refusals_exhausted"]);
    expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect((await uploader.as("GET", "/inventory")).status).toBe(200);
  });

  it("checks no more of them when they come all at once", async () => {
    const uploader = await registeredOwner();
    const wrong = uploader.forgeMany(100, { breakSignature: true });
    const answers = await Promise.all(Array.from({ length: 12 }, () => uploader.publish(wrong)));
    const checked = answers.filter(({ status }) => status === 200);
    expect(checked.length * 100).toBeLessThanOrEqual(REFUSAL_BUDGET_PACKAGES_PER_MINUTE + 100);
    expect(new Set(answers.filter((answer) => !checked.includes(answer)).map(({ json }) => json.code))).toEqual(
      new Set(["refusals_exhausted"]),
    );
  });

  it("serves many good uploads of one client in turn", async () => {
    const uploader = await registeredOwner();
    const batches = Array.from({ length: 6 }, () => uploader.forgeMany(50));
    const answers = await Promise.all(batches.map((batch) => uploader.publish(batch)));
    expect(answers.map(({ status }) => status)).toEqual(batches.map(() => 200));
    const codes = answers.flatMap(({ json }) => json.results.map((result: { code: string }) => result.code));
    expect(codes.filter((code) => code === "stored")).toHaveLength(200);
  });

  it("spends no crypto on a batch that is too large or in which every package is", async () => {
    const uploader = await registeredOwner();
    const verify = vi.spyOn(batchVerifier, "verifyMany");
    await uploader.publish(Array.from({ length: 101 }, () => new Uint8Array(300)));
    const answer = await uploader.publish(Array.from({ length: 40 }, () => new Uint8Array(MAX_KEY_PACKAGE_BYTES + 1)));
    expect(answer.json.results.map((result: { code: string }) => result.code)).toEqual(Array(40).fill("too_large"));
    expect(verify).not.toHaveBeenCalled();
    await uploader.publish([uploader.forge()]);
    expect(verify).toHaveBeenCalled();
    verify.mockRestore();
  });

  it("lets nobody's refusals count against another client", async () => {
    const [bad, good] = [await registeredOwner(), await registeredOwner()];
    for (let batch = 0; batch < 4; batch++) await bad.publish(bad.forgeMany(100, { breakSignature: true }));
    expect((await good.publish([good.forge()])).json.results[0].code).toBe("stored");
  });
});
