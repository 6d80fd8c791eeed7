/** What callers, the log and the data points are told of requests that are not let in; and of an issuer's keys. */
import { env } from "cloudflare:workers";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { expect, onTestFinished, test, vi } from "vitest";
import { JWKS_FETCH_SPACING_MS } from "../../../src/config/limits.ts";
import { app } from "../../../src/http/app.ts";
import { AUDIENCE, CLAIM, PUBLISH, token } from "../support/auth.ts";
import { freshName, type Json, ORIGIN } from "../support/http.ts";

const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
const published = { keys: [{ ...(await exportJWK(publicKey)), kid: "published" }] };

/** An issuer with an address of its own for its keys; counts how often they are asked for. */
function issuerWithKeys(answer: () => Response | Promise<Response>) {
  const issuer = `https://${freshName("issuer")}.test`;
  const lines: Json[] = [];
  const points: Json[] = [];
  const fetches = vi.spyOn(globalThis, "fetch").mockImplementation(async () => answer());
  const spies = (["log", "warn"] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation((line: string) => void lines.push(JSON.parse(line))),
  );
  onTestFinished(() => {
    for (const spy of [fetches, ...spies]) spy.mockRestore();
  });
  const bindings = {
    ...env,
    METRICS: { writeDataPoint: (point: unknown) => void points.push(point) },
    AUTH_JWKS: "",
    AUTH_ISSUER: issuer,
    AUTH_JWKS_URL: `${issuer}/keys`,
  };
  return {
    lines,
    points,
    fetches,
    sign: (kid: string, members: object = {}, header: object = {}) =>
      new SignJWT({
        iss: issuer,
        aud: AUDIENCE,
        exp: Math.floor(Date.now() / 1000) + 600,
        sub: "alice",
        device_id: "phone",
        scope: CLAIM,
        jti: crypto.randomUUID(),
        ...members,
      })
        .setProtectedHeader({ alg: "ES256", kid, ...header })
        .sign(privateKey),
    ask: async (jwt?: string) => {
      const headers = jwt === undefined ? {} : { Authorization: `Bearer ${jwt}` };
      const response = await app.request(`${ORIGIN}/v1/users/nobody/clients`, { headers }, bindings);
      return { status: response.status, headers: response.headers, json: (await response.json()) as Json };
    },
  };
}

test("200 tokens with forged key ids and right claims make one fetch, at the same time and one after the other", async () => {
  const issuer = issuerWithKeys(() => Response.json(published));
  const forged = await Promise.all(Array.from({ length: 200 }, (_, index) => issuer.sign(`forged-${index}`)));
  const answers = await Promise.all(forged.slice(0, 100).map(issuer.ask));
  for (const jwt of forged.slice(100)) answers.push(await issuer.ask(jwt));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
  expect(issuer.fetches).toHaveBeenCalledTimes(1);
  expect((await issuer.ask(await issuer.sign("published"))).json.code).toBe("unknown_user");
});

test("a forged key id makes a fetch only if the token would be accepted with a good signature", async () => {
  const issuer = issuerWithKeys(() => Response.json(published));
  await issuer.ask(await issuer.sign("published"));
  const seconds = Math.floor(Date.now() / 1000);
  const refusedAnyway: readonly (readonly [object, object?])[] = [
    [{ aud: "elsewhere" }],
    [{ exp: seconds - 60 }],
    [{ exp: undefined }],
    [{ nbf: seconds + 600 }],
    [{ at_hash: "x" }],
    [{}, { typ: "logout+jwt" }],
    [{ sub: "" }],
    [{ scope: 7 }],
  ];
  for (const [members, header] of refusedAnyway) {
    vi.setSystemTime(Date.now() + JWKS_FETCH_SPACING_MS);
    await issuer.ask(await issuer.sign("forged", members, header));
    expect([members, issuer.fetches.mock.calls.length]).toEqual([members, 1]);
  }
  await issuer.ask(await issuer.sign("forged"));
  expect(issuer.fetches).toHaveBeenCalledTimes(2);
});

test("a key that replaces the former one at once lets its first token in", async () => {
  let keyId = "published";
  const issuer = issuerWithKeys(() => Response.json({ keys: [{ ...published.keys[0], kid: keyId }] }));
  await issuer.ask(await issuer.sign("published"));
  keyId = "next";
  expect((await issuer.ask(await issuer.sign("next"))).json.code).toBe("token_invalid");
  vi.setSystemTime(Date.now() + JWKS_FETCH_SPACING_MS);
  expect((await issuer.ask(await issuer.sign("next"))).json.code).toBe("unknown_user");
  expect((await issuer.ask(await issuer.sign("published"))).json.code).toBe("token_invalid");
  expect(issuer.fetches).toHaveBeenCalledTimes(2);
});

test("a key that replaces the former one under its id lets its first token in, and 200 bad signatures make one fetch", async () => {
  const former = await exportJWK((await generateKeyPair("ES256", { extractable: true })).publicKey);
  let keys = [{ ...former, kid: "published" }];
  const issuer = issuerWithKeys(() => Response.json({ keys }));
  expect((await issuer.ask(await issuer.sign("published"))).json.code).toBe("token_invalid");
  keys = published.keys;
  vi.setSystemTime(Date.now() + JWKS_FETCH_SPACING_MS);
  expect((await issuer.ask(await issuer.sign("published"))).json.code).toBe("unknown_user");
  expect(issuer.fetches).toHaveBeenCalledTimes(2);
  vi.setSystemTime(Date.now() + JWKS_FETCH_SPACING_MS);
  for (let index = 0; index < 200; index++) {
    const forged = `${(await issuer.sign("published")).slice(0, -8)}AAAAAAAA`;
    expect((await issuer.ask(forged)).json.code).toBe("token_invalid");
  }
  expect(issuer.fetches).toHaveBeenCalledTimes(3);
});

test("while the issuer's keys cannot be had every answer is 503 with Retry-After, and the issuer is asked once", async () => {
  const issuer = issuerWithKeys(() => new Response("down", { status: 500 }));
  for (let time = 0; time < 50; time++) {
    const { status, headers, json } = await issuer.ask(await issuer.sign("published"));
    expect([status, json.code, headers.get("Retry-After")]).toEqual([503, "authentication_unavailable", "5"]);
  }
  expect(issuer.fetches).toHaveBeenCalledTimes(1);
  expect(issuer.lines).toContainEqual(
    expect.objectContaining({ event: "issuer_keys_not_fetched", fault: "bad_status" }),
  );
});

const isOfAuthentication = ({ indexes }: Json) => indexes[0] === "authentication";

test("log and data points name the kind of each failure, and nothing of the token", async () => {
  const issuer = issuerWithKeys(() => Response.json(published));
  const good = await issuer.sign("published");
  const asked = [
    [undefined, 401, "missing"],
    ["garbage", 401, "malformed"],
    [await token(), 401, "unknown_issuer"],
    [await issuer.sign("secret-key-id"), 401, "unknown_key"],
    [`${good.slice(0, -8)}AAAAAAAA`, 401, "bad_signature"],
    [await issuer.sign("published", { scope: PUBLISH }), 403, "insufficient_scope"],
  ] as const;
  for (const [jwt, status, kind] of asked) {
    expect([kind, (await issuer.ask(jwt)).status]).toEqual([kind, status]);
  }
  const kinds = asked.map(([, , kind]) => kind);
  expect(issuer.lines.filter(({ event }) => event === "request").map((line) => line.authentication)).toEqual(kinds);
  expect(issuer.points.filter(isOfAuthentication)).toEqual(
    kinds.map((kind) => ({ indexes: ["authentication"], blobs: [kind], doubles: [1] })),
  );
  const told = JSON.stringify([issuer.lines, issuer.points]);
  for (const secret of ["alice", "phone", "secret-key-id", good.slice(-20)]) expect(told).not.toContain(secret);
});

test("a request that is let in has no kind of failure", async () => {
  const issuer = issuerWithKeys(() => Response.json(published));
  expect((await issuer.ask(await issuer.sign("published"))).status).toBe(404);
  const [line] = issuer.lines.filter(({ event }) => event === "request");
  expect(line).not.toHaveProperty("authentication");
  expect(issuer.points.filter(isOfAuthentication)).toEqual([]);
  expect(issuer.points).not.toEqual([]);
});
