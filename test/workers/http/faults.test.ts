/** What a caller is told when a part of the directory fails. The app is called with an environment that breaks. */
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import {
  BODY_READ_TIMEOUT_MS,
  DIRECTORY_CALL_TIMEOUT_MS,
  MAX_BODY_BYTES,
  POOL_CALL_TIMEOUT_MS,
} from "../../../src/config/limits.ts";
import { app } from "../../../src/http/app.ts";
import type { Bindings } from "../../../src/http/bindings.ts";
import { OPERATIONS } from "../../../src/http/resources/all-operations.ts";
import { ADMIN, CLAIM, PUBLISH, token } from "../support/auth.ts";
import { fakeTimersUntilSet, START_MS } from "../support/clock.ts";
import { base64url } from "../support/forge-for-now.ts";
import { freshName, type Json, ORIGIN, registeredOwner, registration } from "../support/http.ts";

type Fault = { readonly message: string; readonly retryable?: boolean; readonly overloaded?: boolean };

const real = env as unknown as Bindings;

/**
 * An environment in which the calls to the pools of `users` fail: before they are made, or after, with the reply lost.
 * `times` of them do, or of those to the method `only`.
 */
function breaking(
  users: readonly string[],
  fault: Fault,
  options: { times?: number; afterwards?: boolean; only?: string } = {},
) {
  let left = options.times ?? Number.POSITIVE_INFINITY;
  const calls: string[] = [];
  const stub = (pool: object) =>
    new Proxy(pool, {
      get: (target, method: string) => async (argument: { user: string }) => {
        calls.push(method);
        const invoke = () => (Reflect.get(target, method) as (argument: unknown) => Promise<unknown>)(argument);
        if (!users.includes(argument.user) || left <= 0) return invoke();
        if (options.only !== undefined && options.only !== method) return invoke();
        left -= 1;
        if (options.afterwards) await invoke();
        throw Object.assign(new Error(fault.message), fault);
      },
    });
  const POOL = new Proxy(real.POOL, {
    get: (target, name) =>
      name === "getByName" ? (poolName: string) => stub(target.getByName(poolName)) : Reflect.get(target, name),
  });
  return { env: { ...real, POOL }, calls };
}

async function request(bindings: object, method: string, path: string, bearer: string, body: unknown, headers = {}) {
  const response = await app.request(
    ORIGIN + path,
    {
      method,
      body: JSON.stringify(body),
      headers: { Authorization: `Bearer ${bearer}`, "Content-Type": "application/json", ...headers },
    },
    bindings,
  );
  return { status: response.status, headers: response.headers, json: (await response.json()) as Json };
}

const bob = () => token({ user: freshName("bob"), client: "laptop", scope: CLAIM });

test("a pool that fails is never an empty one", async () => {
  const owner = await registeredOwner();
  const { env: bindings } = breaking([owner.user], { message: "storage is gone" });
  const answer = await request(bindings, "POST", `/v1/users/${owner.user}/claims`, await bob(), {});
  expect([answer.status, answer.json.code]).toEqual([503, "pool_unavailable"]);
  expect(answer.headers.get("Retry-After")).toBe("1");
  expect(JSON.stringify(answer.json)).not.toContain("storage");
});

test("an overloaded pool is left alone", async () => {
  const owner = await registeredOwner();
  const { env: bindings, calls } = breaking([owner.user], { message: "too much", retryable: true, overloaded: true });
  const path = `/v1/users/${owner.user}/claims`;
  const answer = await request(bindings, "POST", path, await bob(), {}, { "Idempotency-Key": "1" });
  expect([answer.status, answer.json.code]).toEqual([503, "pool_overloaded"]);
  expect(answer.headers.get("Retry-After")).toBe("1");
  expect(calls).toEqual(["claim"]);
});

test("a claim whose reply was lost is repeated under its key, and takes one package", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(3));
  const fault = { message: "connection lost", retryable: true };
  const { env: bindings, calls } = breaking([owner.user], fault, { times: 2, afterwards: true });
  const path = `/v1/users/${owner.user}/claims`;
  const answer = await request(bindings, "POST", path, await bob(), {}, { "Idempotency-Key": "1" });
  expect(answer.json.status).toBe("ok");
  expect(calls).toEqual(["claim", "claim", "claim"]);
  expect((await owner.inventory())[0].available).toBe(2);
});

test("a claim without key is never repeated", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(3));
  const fault = { message: "connection lost", retryable: true };
  const { env: bindings, calls } = breaking([owner.user], fault, { times: 1, afterwards: true });
  const answer = await request(bindings, "POST", `/v1/users/${owner.user}/claims`, await bob(), {});
  expect(answer.json.code).toBe("pool_unavailable");
  expect(calls).toEqual(["claim"]);
});

test("an upload whose reply was lost is repeated, and stored once", async () => {
  const owner = await registeredOwner();
  const fault = { message: "connection lost", retryable: true };
  const { env: bindings, calls } = breaking([owner.user], fault, { times: 2, afterwards: true, only: "publish" });
  const bearer = await token({ user: owner.user, scope: PUBLISH });
  const body = { key_packages: [base64url(owner.forge())] };
  const answer = await request(bindings, "POST", `${owner.path}/key-packages`, bearer, body);
  expect(calls).toEqual(["preflight", "publish", "publish", "publish"]);
  expect(answer.json.results).toMatchObject([{ ok: true }]);
  expect((await owner.inventory())[0].available).toBe(1);
});

test("a revocation whose reply was lost is not repeated by us, and says so when its owner repeats it", async () => {
  const owner = await registeredOwner();
  const fault = { message: "connection lost", retryable: true };
  const { env: bindings, calls } = breaking([owner.user], fault, { times: 1, afterwards: true, only: "revoke" });
  const bearer = await token({ user: owner.user, scope: PUBLISH });
  const first = await request(bindings, "DELETE", owner.path, bearer, undefined);
  expect([first.status, first.json.code]).toEqual([503, "pool_unavailable"]);
  const again = await request(bindings, "DELETE", owner.path, bearer, undefined);
  expect([again.status, again.json.code]).toEqual([404, "client_not_registered"]);
  expect(calls).toEqual(["revoke", "revoke"]);
});

test("a pool that never answers is given up in time", async () => {
  const owner = await registeredOwner();
  const POOL = { getByName: () => ({ claim: () => new Promise(() => undefined) }) };
  const waiting = fakeTimersUntilSet(POOL_CALL_TIMEOUT_MS);
  const answer = request({ ...real, POOL }, "POST", `/v1/users/${owner.user}/claims`, await bob(), {});
  await waiting;
  await vi.advanceTimersByTimeAsync(POOL_CALL_TIMEOUT_MS);
  const { status, json } = await answer;
  expect([status, json.code]).toEqual([503, "pool_unavailable"]);
});

test("in a claim of many users one failed pool is failed, and the others give", async () => {
  const [good, bad] = [await registeredOwner(), await registeredOwner()];
  for (const owner of [good, bad]) await owner.publish(owner.forgeMany(1));
  const { env: bindings } = breaking([bad.user], { message: "gone" });
  const answer = await request(bindings, "POST", "/v1/claims", await bob(), { users: [bad.user, good.user] });
  expect(answer.status).toBe(200);
  expect(answer.json.users).toMatchObject([
    { user: bad.user, status: "failed", code: "pool_unavailable", clients: [] },
    { user: good.user, status: "ok" },
  ]);
});

test("a directory that is down hides clients from nobody: peeking says so, claims go on", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(1));
  const fail = () => {
    throw new Error("D1_ERROR: no such thing");
  };
  const bindings = { ...real, DB: { prepare: fail, batch: fail, withSession: fail } };
  const bearer = await bob();
  const peeked = await app.request(
    `${ORIGIN}/v1/users/${owner.user}/clients`,
    { headers: { Authorization: `Bearer ${bearer}` } },
    bindings,
  );
  expect([peeked.status, ((await peeked.json()) as Json).code]).toEqual([503, "directory_unavailable"]);
  vi.setSystemTime(START_MS + 60_000);
  const claimed = await request(bindings, "POST", `/v1/users/${owner.user}/claims`, bearer, {});
  expect(claimed.json.status).toBe("ok");
});

test("a directory that never answers is given up in time, by readers and by an operator, and claims go on", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(1));
  const never = () => new Promise(() => undefined);
  const statement: object = { bind: () => statement, all: never, run: never, first: never, raw: never };
  const stalled = { prepare: () => statement, batch: never, withSession: () => stalled };
  const bindings = { ...real, DB: stalled };
  const reader = await bob();
  const claimed = await request(bindings, "POST", `/v1/users/${owner.user}/claims`, reader, {});
  expect(claimed.json.status).toBe("ok");
  const operator = await token({ user: "olga", client: undefined, scope: ADMIN });
  for (const [method, path, bearer] of [
    ["GET", `/v1/admin/users/${owner.user}/data`, operator],
    ["GET", "/v1/admin/restore-epoch/preview", operator],
    ["GET", `/v1/users/${owner.user}/clients`, reader],
    ["GET", "/v1/admin/stock", operator],
    ["GET", "/v1/admin/users", operator],
    ["GET", "/v1/admin/restore-epoch", operator],
    ["POST", "/v1/admin/restore-epoch", operator],
  ] as const) {
    const waiting = fakeTimersUntilSet(DIRECTORY_CALL_TIMEOUT_MS);
    const asked = app.request(
      ORIGIN + path,
      {
        method,
        headers: {
          Authorization: `Bearer ${bearer}`,
          "Content-Type": "application/json",
          "Operator-Reason": "a rehearsal",
        },
        ...(method === "POST" ? { body: "{}" } : {}),
      },
      bindings,
    );
    await waiting;
    await vi.advanceTimersByTimeAsync(DIRECTORY_CALL_TIMEOUT_MS);
    const answer = await asked;
    expect([path, answer.status, ((await answer.json()) as Json).code]).toEqual([path, 503, "directory_unavailable"]);
    expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(0);
  }
});

test("a fault is told without its detail", async () => {
  const owner = await registeredOwner();
  const bindings = { ...real, POOL: undefined, POOL_JURISDICTION: "eu" };
  const bearer = await token({ user: owner.user });
  const policy = await app.request(`${ORIGIN}/v1/policy`, {}, { ...real, CIPHERSUITES: "1,99" });
  expect([policy.status, ((await policy.json()) as Json).detail]).toEqual([
    503,
    "expected settings that can be read, got: setting CIPHERSUITES must be a list of different suites of the profile rfc9420, such as 1,2,3",
  ]);
  const body = await registration({ user: owner.user, client: "phone" }, owner.signer);
  const answer = await request(bindings, "PUT", owner.path, bearer, body);
  expect(answer.status).toBe(503);
  expect(JSON.stringify(answer.json)).not.toContain("undefined");
});

const UNREADABLE = "expected settings that can be read, got: setting";

test.each([
  ["STOCK_CAP", "many", "must be a whole number"],
  ["AUTH_JWKS", "{", "is not a JWKS with at least one key"],
  ["AUTH_TOKEN_TYP", "at jwt", "must be a media type such as at+jwt"],
  ["AUTH_ISSUERS", "[]", "and AUTH_ISSUER are both set; set one"],
])(
  "a setting that cannot be read closes every route and names itself, health included: %s",
  async (name, value, what) => {
    for (const { method, path } of OPERATIONS) {
      const bindings = { ...real, [name]: value };
      const answer = await app.request(`${ORIGIN}${path.replace(/[{}]/g, "")}`, { method }, bindings);
      const { code, detail } = (await answer.json()) as Json;
      expect([path, answer.status, code, detail]).toEqual([
        path,
        503,
        "setting_invalid",
        `${UNREADABLE} ${name} ${what}`,
      ]);
    }
  },
);

test.each(["DIRECTORY_BINDINGS", "DIRECTORY_FORMER_BINDINGS"])(
  "a database of %s that is not bound closes every route",
  async (setting) => {
    for (const { method, path } of OPERATIONS) {
      const bindings = { ...real, [setting]: "DB,DB9" };
      const answer = await app.request(`${ORIGIN}${path.replace(/[{}]/g, "")}`, { method }, bindings);
      const { code, detail } = (await answer.json()) as Json;
      expect([path, answer.status, code, detail]).toEqual([
        path,
        503,
        "setting_invalid",
        `${UNREADABLE} ${setting} names DB9, which is not bound`,
      ]);
    }
  },
);

test("without configuration every protected route is closed and names what is missing", async () => {
  const owner = await registeredOwner();
  const answer = await request(
    { ...real, AUTH_AUDIENCE: "" },
    "POST",
    `/v1/users/${owner.user}/claims`,
    await bob(),
    {},
  );
  expect([answer.status, answer.json.code, answer.json.detail]).toEqual([
    503,
    "authentication_not_configured",
    "expected settings of a token issuer, got none: AUTH_AUDIENCE is not set",
  ]);
});

test("the log names route, status and outcomes, and neither user nor token nor package", async () => {
  const owner = await registeredOwner();
  const keyPackage = base64url(owner.forge());
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  try {
    const body = { key_packages: [keyPackage, "AAAA"] };
    await request(real, "POST", `${owner.path}/key-packages`, owner.token, body);
  } finally {
    log.mockRestore();
  }
  const entry = lines.map((line) => JSON.parse(line) as Json).find(({ event }) => event === "request");
  expect(entry).toMatchObject({
    method: "POST",
    route: "/v1/users/:user/clients/:client/key-packages",
    status: 200,
    outcomes: { stored: 1, malformed: 1 },
  });
  const text = lines.join("\n");
  for (const secret of [owner.user, owner.token, keyPackage]) expect(text).not.toContain(secret);
});

test("data points tell sources and codes, and nothing of who", async () => {
  const owner = await registeredOwner();
  const points: Json[] = [];
  const bindings = { ...real, METRICS: { writeDataPoint: (point: unknown) => void points.push(point) } };
  await request(bindings, "POST", `${owner.path}/key-packages`, owner.token, {
    key_packages: [base64url(owner.forge())],
  });
  await request(bindings, "POST", `/v1/users/${owner.user}/claims`, await bob(), {});
  await request(bindings, "POST", `/v1/users/${owner.user}/claims`, "forged", {});
  const routes = ["/v1/users/:user/clients/:client/key-packages", "/v1/users/:user/claims"];
  expect(points).toMatchObject([
    { indexes: ["upload"], blobs: ["stored"], doubles: [1] },
    { indexes: ["stock"], blobs: ["1"] },
    { indexes: ["request"], blobs: ["POST", routes[0], "200", ""], doubles: [1, 0] },
    { indexes: ["claim"], blobs: ["one_time", "claimed", "1"], doubles: [1, 0] },
    { indexes: ["request"], blobs: ["POST", routes[1], "200", ""], doubles: [1, 0] },
    { indexes: ["authentication"], blobs: ["malformed"], doubles: [1] },
    { indexes: ["request"], blobs: ["POST", routes[1], "401", "token_invalid"], doubles: [1, 0] },
  ]);
  expect(JSON.stringify(points)).not.toContain(owner.user);
});

test("the native adapter gives the verdicts of the pure one", async () => {
  for (const CRYPTO_PROVIDER of ["noble", "webcrypto"]) {
    const owner = await registeredOwner();
    const batch = [owner.forge(), owner.forge({ breakSignature: true }), owner.forge()].map(base64url);
    const bindings = { ...real, CRYPTO_PROVIDER };
    const { json } = await request(bindings, "POST", `${owner.path}/key-packages`, owner.token, {
      key_packages: batch,
    });
    expect(json.results.map(({ code }: Json) => code)).toEqual(["stored", "invalid_signature", "stored"]);
  }
});

/** How the length of a body may be told: in advance, or by its end. */
const LENGTHS = [{ "Content-Length": "64" }, {}] as const;

const upload = (owner: Awaited<ReturnType<typeof registeredOwner>>, body: ReadableStream, length: object) =>
  app.request(
    `${ORIGIN}${owner.path}/key-packages`,
    {
      method: "POST",
      body,
      headers: { Authorization: `Bearer ${owner.token}`, "Content-Type": "application/json", ...length },
    },
    real,
  );

test.each(LENGTHS)("a body that does not arrive is not waited for (%o)", async (length) => {
  const owner = await registeredOwner();
  const waiting = fakeTimersUntilSet(BODY_READ_TIMEOUT_MS);
  const answer = upload(owner, new ReadableStream({ pull: () => new Promise(() => undefined) }), length);
  await waiting;
  await vi.advanceTimersByTimeAsync(BODY_READ_TIMEOUT_MS);
  const response = await answer;
  expect([response.status, ((await response.json()) as Json).code]).toEqual([408, "body_timeout"]);
});

test.each(LENGTHS)("a body that breaks off is the caller's fault, not ours (%o)", async (length) => {
  const owner = await registeredOwner();
  const broken = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"key_pack')),
    pull: (controller) => controller.error(new Error("Network connection lost.")),
  });
  const response = await upload(owner, broken, length);
  expect([response.status, ((await response.json()) as Json).code]).toEqual([400, "body_incomplete"]);
});

test("a body that is longer than it said is not taken beyond the limit", async () => {
  const owner = await registeredOwner();
  const long = new Blob([new Uint8Array(MAX_BODY_BYTES + 1)]).stream();
  const response = await upload(owner, long, { "Content-Length": "64" });
  expect([response.status, ((await response.json()) as Json).code]).toEqual([413, "body_too_large"]);
});

test("the platform's rate limit, where it is bound, counts the requests of a user, and refuses with a time to wait", async () => {
  const keys: string[] = [];
  const limit = async ({ key }: { key: string }) => ({ success: keys.push(key) < 3 });
  const bindings = { ...real, RATE_LIMIT: { limit } };
  const bearer = await token({ user: "bob", client: "laptop", scope: CLAIM });
  const answers = [];
  for (let index = 0; index < 3; index++) {
    answers.push(await request(bindings, "POST", `/v1/users/${freshName("nobody")}/claims`, bearer, {}));
  }
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 429]);
  expect(answers[2]?.json.code).toBe("too_many_requests");
  expect(keys).toEqual(["bob", "bob", "bob"]);
});
