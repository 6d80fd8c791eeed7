/** Claims without a token: what a secret opens, and that a wrong one learns nothing. */
import { env } from "cloudflare:workers";
import { sha256 } from "@noble/hashes/sha2.js";
import { beforeEach, describe, expect, it, vi } from "vitest";
import {
  CAPABILITY_REFUSALS_PER_ISOLATE_PER_HOUR,
  CAPABILITY_REFUSALS_PER_SOURCE_PER_HOUR,
  MAX_CLAIM_CAPABILITIES,
} from "../../../src/config/limits.ts";
import { claimCapabilities } from "../../../src/http/resources/claim-capabilities/capability-operations.ts";
import { CapabilityAttempts } from "../../../src/http/upstream/capability-attempts.ts";
import { poolFor } from "../../../src/pool/address.ts";
import { capabilityOf } from "../../../src/pool/operations/claim/claim-capabilities.ts";
import full from "../../../src/worker-full.ts";
import { CLAIM, DATA, PUBLISH, REVOKE, token } from "../support/auth.ts";
import { base64url } from "../support/forge-for-now.ts";
import { call, clientPath, freshName, type Json, ORIGIN, registeredOwner } from "../support/http.ts";
import { nowSeconds } from "../support/pool-calls.ts";

const newSecret = (): Uint8Array => crypto.getRandomValues(new Uint8Array(32));
const hashOf = (secret: Uint8Array): string => base64url(sha256(secret));

type Options = {
  readonly authorization?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bindings?: object;
};

/** The Worker of a deployment that takes capabilities. */
async function ask(method: string, path: string, { authorization, body, headers, bindings }: Options = {}) {
  const init = {
    method,
    headers: {
      ...(authorization === undefined ? {} : { Authorization: authorization }),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    body: body === undefined ? null : JSON.stringify(body),
  };
  const answer = await full.fetch(new Request(ORIGIN + path, init), { ...env, CLAIM_CAPABILITIES: "on", ...bindings });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, json: JSON.parse(text) as Json };
}

let address = 0;
/** Budgets are counted by address, and no test spends those of another. */
let from: Readonly<Record<string, string>>;
beforeEach(() => {
  from = { "CF-Connecting-IP": `192.0.2.${++address}` };
});

/** A user with packages, and a capability of this secret unless the test makes its own. */
async function owner({ packages = 3 } = {}) {
  const { user, token: bearer, path, publish, forgeMany, as } = await registeredOwner();
  await publish(forgeMany(packages));
  const authorization = `Bearer ${bearer}`;
  const place = (name: string) => `${path}/claim-capabilities/${encodeURIComponent(name)}`;
  return {
    user,
    as,
    path,
    authorization,
    create: (name: string, secret: Uint8Array, bounds: object = {}) =>
      ask("PUT", place(name), { authorization, body: { secret_sha256: hashOf(secret), ...bounds } }),
    list: async () => (await ask("GET", `${path}/claim-capabilities`, { authorization })).json.capabilities,
    revoke: (name: string) => ask("DELETE", place(name), { authorization }),
    claim: (secret: Uint8Array, options: { key?: string; bindings?: object } = {}) => claimOf(user, secret, options),
  };
}

const claimOf = (user: string, secret: Uint8Array, { key, bindings = {} }: { key?: string; bindings?: object } = {}) =>
  ask("POST", `/v1/users/${user}/claims`, {
    authorization: `Capability ${base64url(secret)}`,
    body: {},
    headers: { ...from, ...(key === undefined ? {} : { "Idempotency-Key": key }) },
    bindings,
  });

const codeOf = ({ status, json }: Awaited<ReturnType<typeof ask>>) => [status, json.code];

describe("a capability", () => {
  it("gives a package to whoever has its secret, and the journal knows it by its name alone", async () => {
    const alice = await owner();
    const secret = newSecret();
    expect((await alice.create("front door", secret)).status).toBe(201);
    const claimed = await alice.claim(secret);
    expect([claimed.status, claimed.json.clients[0].status]).toEqual([200, "claimed"]);
    const { entries } = (await alice.as("GET", "/journal")).json;
    expect(entries).toMatchObject([{ event: "claimed", claimer: null, capability: "front door" }]);
  });

  it("is made once under a name, listed without its secret, and revoked from any client at once", async () => {
    const alice = await owner();
    const [secret, other] = [newSecret(), newSecret()];
    const bounds = { max_claims: 5, expires_at: nowSeconds() + 60 };
    expect((await alice.create("a", secret, bounds)).status).toBe(201);
    expect((await alice.create("a", secret, bounds)).status).toBe(200);
    expect(codeOf(await alice.create("a", secret))).toEqual([409, "capability_exists"]);
    expect(codeOf(await alice.create("a", other))).toEqual([409, "capability_exists"]);
    expect(codeOf(await alice.create("b", secret))).toEqual([409, "capability_exists"]);
    const listed = { name: "a", client: "phone", created_at: nowSeconds(), claims: 0, ...bounds };
    expect(await alice.list()).toEqual([{ ...listed, secret_sha256: hashOf(secret) }]);
    expect((await alice.revoke("a")).json).toEqual({ name: "a", existed: true });
    expect((await alice.revoke("a")).json).toEqual({ name: "a", existed: false });
    expect(codeOf(await alice.claim(secret))).toEqual([401, "capability_refused"]);
    expect(await alice.list()).toEqual([]);
  });

  it("gives as many claims as it says and no more, also at once; a repetition does not count", async () => {
    const alice = await owner({ packages: 8 });
    const secret = newSecret();
    await alice.create("two", secret, { max_claims: 2 });
    const first = await alice.claim(secret, { key: "one" });
    expect((await alice.claim(secret, { key: "one" })).text).toBe(first.text);
    const more = await Promise.all(Array.from({ length: 4 }, () => alice.claim(secret)));
    expect(more.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
    expect((await alice.list())[0].claims).toBe(2);
    // The answer to the last one may have been lost.
    expect((await alice.claim(secret, { key: "one" })).text).toBe(first.text);
  });

  it("does not count a claim that found nothing", async () => {
    const alice = await owner({ packages: 0 });
    const secret = newSecret();
    await alice.create("one", secret, { max_claims: 1 });
    expect((await alice.claim(secret)).json.status).toBe("none");
    expect((await alice.list())[0].claims).toBe(0);
  });

  it("ends at its time, and its name and place are free again", async () => {
    const alice = await owner();
    const secret = newSecret();
    await alice.create("a", secret, { expires_at: nowSeconds() + 60 });
    vi.setSystemTime(Date.now() + 60_000);
    expect(codeOf(await alice.claim(secret))).toEqual([401, "capability_refused"]);
    expect(await alice.list()).toEqual([]);
    expect((await alice.revoke("a")).json).toEqual({ name: "a", existed: false });
    expect((await alice.create("a", newSecret())).status).toBe(201);
  });

  it("ends with the client that made it", async () => {
    const secret = newSecret();
    const alice = await owner();
    await alice.create("a", secret);
    const tablet = await registeredOwner(alice.user, "tablet");
    await tablet.publish(tablet.forgeMany(1));
    const sibling = await token({ user: alice.user, client: "tablet", scope: REVOKE });
    expect((await alice.claim(secret)).status).toBe(200);
    await call("POST", `${clientPath(alice.user)}/revocation`, { token: sibling });
    expect(codeOf(await alice.claim(secret))).toEqual([401, "capability_refused"]);
  });

  it("is void after a restore that was later than its making: it may have been revoked since", async () => {
    const alice = await owner();
    const secret = newSecret();
    await alice.create("a", secret);
    const restoreEpoch = nowSeconds() + 1;
    await poolFor(env, alice.user).getClient({ user: alice.user, client: "phone", restoreEpoch });
    expect(codeOf(await alice.claim(secret))).toEqual([401, "capability_refused"]);
  });

  it("does not give a later holder of its name what an earlier one was given", async () => {
    const alice = await owner();
    const [earlier, later] = [newSecret(), newSecret()];
    await alice.create("door", earlier);
    const first = await alice.claim(earlier, { key: "same" });
    await alice.revoke("door");
    await alice.create("door", later);
    const second = await alice.claim(later, { key: "same" });
    expect(second.headers.get("Idempotent-Replayed")).toBeNull();
    expect(second.json.clients[0].key_package_ref).not.toBe(first.json.clients[0].key_package_ref);
  });

  it("is among what is kept of its owner, and goes with it", async () => {
    const alice = await owner();
    const secret = newSecret();
    await alice.create("a", secret);
    const authorization = `Bearer ${await token({ user: alice.user, scope: DATA })}`;
    const data = `/v1/users/${alice.user}/data`;
    const { json } = await ask("GET", data, { authorization });
    expect(json.capabilities).toMatchObject([{ name: "a", client: "phone", secret_sha256: hashOf(secret) }]);
    await ask("DELETE", data, { authorization });
    expect(codeOf(await alice.claim(secret))).toEqual([401, "capability_refused"]);
  });
});

describe("the routes of capabilities", () => {
  it.each(claimCapabilities.map(({ id, method, path }) => [id, method, path] as const))(
    "%s is for the client in the path alone",
    async (_, method, pattern) => {
      const user = freshName("owner");
      const path = pattern.replace("{user}", user).replace("{client}", "phone").replace("{capability}", "a");
      const askedBy = async (options: Parameters<typeof token>[0]) =>
        (await ask(method, path, { authorization: `Bearer ${await token(options)}` })).json.code;
      expect((await ask(method, path)).json.code).toBe("token_missing");
      expect(await askedBy({ user: "mallory", scope: PUBLISH })).toBe("not_owner");
      expect(await askedBy({ user, client: "tablet", scope: PUBLISH })).toBe("not_owner");
      expect(await askedBy({ user, scope: CLAIM })).toBe("insufficient_scope");
      expect(["empty_body", "client_not_registered"]).toContain(await askedBy({ user, scope: PUBLISH }));
    },
  );
});

describe("what is refused", () => {
  it("is one answer for an unknown user, a user without capabilities, a wrong secret, and one that is over", async () => {
    const [without, withOne, over] = [await owner(), await owner(), await owner()];
    const secret = newSecret();
    await withOne.create("a", newSecret());
    await over.create("a", secret, { expires_at: nowSeconds() + 1 });
    vi.setSystemTime(Date.now() + 1_000);
    let calls: string[] = [];
    const counted = {
      POOL: {
        getByName: (name: string) =>
          new Proxy(
            {},
            {
              get: (_, method) => (argument: object) => {
                calls.push(String(method));
                return (env.POOL.getByName(name) as unknown as Record<PropertyKey, (argument: object) => unknown>)[
                  method
                ]?.(argument);
              },
            },
          ),
      },
    };
    const answers = [];
    for (const user of [freshName("nobody"), without.user, withOne.user, over.user]) {
      calls = [];
      const { status, json, headers } = await claimOf(user, secret, { bindings: counted });
      const { instance: _, ...problem } = json;
      answers.push({ status, problem, challenge: headers.get("WWW-Authenticate"), calls });
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({
      status: 401,
      problem: { code: "capability_refused" },
      challenge: 'Capability realm="mls-key-directory"',
      calls: ["claimWithCapability"],
    });
  });

  it("compares with as many hashes whatever there is, and each to its end", () => {
    const wanted = new Uint8Array(32).fill(9);
    const capability = (secretHash: Uint8Array) => ({
      name: "a",
      client: "phone",
      secretHash,
      createdAt: 0,
      expiresAt: undefined,
      maxClaims: undefined,
      claims: 0,
    });
    const full = Array.from({ length: MAX_CLAIM_CAPABILITIES }, (_, index) =>
      capability(new Uint8Array(32).fill(index + 50)),
    );
    const cases = [[], [capability(wanted)], full, [...full.slice(1), capability(wanted)]];
    const compared = cases.map((capabilities) => {
      let count = 0;
      const isSame = (a: Uint8Array, b: Uint8Array) => {
        count += 1;
        return a.every((byte, index) => byte === b[index]);
      };
      return [capabilityOf(capabilities, wanted, 1, isSame) !== undefined, count];
    });
    const all = MAX_CLAIM_CAPABILITIES;
    expect(compared).toEqual([
      [false, all],
      [true, all],
      [false, all],
      [true, all],
    ]);
    expect(capabilityOf([capability(wanted)], wanted, 1)?.name).toBe("a");
    const almost = Uint8Array.from(wanted);
    almost[31] = 8;
    expect(capabilityOf([capability(almost)], wanted, 1)).toBeUndefined();
    expect(capabilityOf([], new Uint8Array(32), 1)).toBeUndefined();
  });

  it("counts wrong secrets by address, asks no pool beyond the budget, and never counts right ones", async () => {
    const alice = await owner({ packages: 6 });
    const secret = newSecret();
    await alice.create("a", secret);
    const nobody = freshName("nobody");
    const calls: string[] = [];
    const counted = {
      POOL: {
        getByName: () => ({
          claimWithCapability: async () => {
            calls.push("call");
            return { outcome: "capability_refused" };
          },
        }),
      },
    };
    for (let count = 0; count < 3; count++) expect((await alice.claim(secret)).status).toBe(200);
    const statuses = [];
    for (let count = 0; count < CAPABILITY_REFUSALS_PER_SOURCE_PER_HOUR; count++) {
      statuses.push((await claimOf(nobody, newSecret(), { bindings: counted })).status);
    }
    expect(calls).toHaveLength(statuses.filter((status) => status === 401).length);
    expect(calls.length).toBeLessThanOrEqual(CAPABILITY_REFUSALS_PER_SOURCE_PER_HOUR);
    const refused = await claimOf(nobody, newSecret(), { bindings: counted });
    expect(codeOf(refused)).toEqual([429, "capability_refusals_exhausted"]);
    expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(0);
    // The same for a user who exists: who is over the budget learns nothing of anybody.
    expect(codeOf(await alice.claim(newSecret()))).toEqual([429, "capability_refusals_exhausted"]);
    from = { "CF-Connecting-IP": "198.51.100.7" };
    expect((await alice.claim(secret)).status).toBe(200);
  });

  it("is bounded for all addresses together", () => {
    const attempts = new CapabilityAttempts();
    let asked = 0;
    for (let index = 0; index < 2 * CAPABILITY_REFUSALS_PER_ISOLATE_PER_HOUR; index++) {
      if (attempts.leaveToTry(`address ${index}`, 0).waitMs === 0) asked += 1;
    }
    expect(asked).toBe(CAPABILITY_REFUSALS_PER_ISOLATE_PER_HOUR / 2);
  });

  it("is a malformed secret too, and a capability where none are taken or none serves", async () => {
    const alice = await owner();
    const secret = newSecret();
    await alice.create("a", secret);
    const claims = `/v1/users/${alice.user}/claims`;
    const malformed = await ask("POST", claims, { authorization: "Capability AAAA", body: {}, headers: from });
    expect(codeOf(malformed)).toEqual([401, "capability_refused"]);
    const off = { CLAIM_CAPABILITIES: "off" };
    expect(codeOf(await alice.claim(secret, { bindings: off }))).toEqual([401, "token_missing"]);
    const authorization = `Capability ${base64url(secret)}`;
    const many = await ask("POST", "/v1/claims", { authorization, body: { users: [alice.user] }, headers: from });
    expect(codeOf(many)).toEqual([401, "token_missing"]);
    const making = await ask("PUT", `${alice.path}/claim-capabilities/b`, {
      authorization: alice.authorization,
      body: { secret_sha256: hashOf(newSecret()) },
      bindings: off,
    });
    expect(codeOf(making)).toEqual([422, "not_offered"]);
    expect(
      (await ask("DELETE", `${alice.path}/claim-capabilities/a`, { authorization: alice.authorization, bindings: off }))
        .status,
    ).toBe(200);
  });

  it.each([
    [{ secret_sha256: "AAAA" }, "invalid_base64"],
    [{ secret_sha256: hashOf(new Uint8Array(1)), expires_at: 5 }, "invalid_request"],
    [{ secret_sha256: hashOf(new Uint8Array(1)), max_claims: 0 }, "invalid_request"],
  ])("is a capability of %j", async (body, code) => {
    const alice = await owner({ packages: 0 });
    const made = await ask("PUT", `${alice.path}/claim-capabilities/a`, { authorization: alice.authorization, body });
    expect(made.json.code).toBe(code);
  });

  it("is one capability too many, and one of a client that is not registered", async () => {
    const alice = await owner({ packages: 0 });
    for (let index = 0; index < MAX_CLAIM_CAPABILITIES; index++) await alice.create(`${index}`, newSecret());
    expect(codeOf(await alice.create("more", newSecret()))).toEqual([422, "too_many_capabilities"]);
    const user = freshName("nobody");
    const made = await ask("PUT", `${clientPath(user)}/claim-capabilities/a`, {
      authorization: `Bearer ${await token({ user, scope: PUBLISH })}`,
      body: { secret_sha256: hashOf(newSecret()) },
    });
    expect(codeOf(made)).toEqual([404, "client_not_registered"]);
  });
});
