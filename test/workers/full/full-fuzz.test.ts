/**
 * The same of what only the full build answers, or answers differently: claims with capabilities in place of tokens,
 * bundles, routes that are kept, and receipts of all that can have one.
 */
import { env } from "cloudflare:workers";
import { sha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import full from "../../../src/worker-full.ts";
import { CLAIM, PUBLISH, REVOKE, ROUTES, token } from "../support/auth.ts";
import { base64url, newSigner } from "../support/forge-for-now.ts";
import { FUZZ_RUNS, FUZZ_TIMEOUT_MS, fuzzedRequests, fuzzSeed, known } from "../support/fuzzed-requests.ts";
import { type Call, call, registeredOwner } from "../support/http.ts";

const CLIENT = "/v1/users/{user}/clients/{client}";
const CLAIMS = "/v1/users/{user}/claims";
/** Claims most of all. */
const PATHS = [
  CLIENT,
  `${CLIENT}/key-packages`,
  `${CLIENT}/claim-capabilities`,
  `${CLIENT}/claim-capabilities/{capability}`,
  `${CLIENT}/revocation`,
  ...new Array<string>(10).fill(CLAIMS),
  "/v1/claims",
  ...new Array<string>(3).fill("/v1/routes"),
  "/.well-known/jwks.json",
];

/** After so many requests there is another user: most do not outlive them. */
const REQUESTS_PER_USER = 40;

const { publicKey, secretKey } = newSigner();
const RECEIPT_KEY = { kty: "OKP", crv: "Ed25519", kid: "fuzz", x: base64url(publicKey), d: base64url(secretKey) };
const BINDINGS = {
  CLAIM_CAPABILITIES: "on",
  WELCOME_ROUTES: "on-request",
  RECEIPT_KEYS: JSON.stringify({ keys: [RECEIPT_KEY] }),
  RECEIPT_ISSUER: "https://directory.test",
  RECEIPTS: "always",
};

const ask = (method: string, path: string, options: Call) =>
  call(method, path, { ...options, served: (request) => full.fetch(request, { ...env, ...BINDINGS }) });

/** A user with packages of two suites, and a capability. */
async function anotherUser(): Promise<void> {
  const owner = await registeredOwner();
  const packages = [
    ...owner.forgeMany(12),
    ...owner.forgeMany(6, { ciphersuite: 3 }),
    owner.forge({ lastResort: true }),
  ];
  const published = await owner.publish(packages);
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const place = `${owner.path}/claim-capabilities/door`;
  const hash = base64url(sha256(secret));
  const made = await ask("PUT", place, { token: owner.token, body: { secret_sha256: hash } });
  expect(made.status).toBe(201);
  known.user = owner.user;
  known.names = [owner.client, "door"];
  known.packages = [...packages.slice(0, 5), ...owner.forgeMany(5), owner.forge({ breakSignature: true })].map(
    base64url,
  );
  known.texts = [hash, ...published.json.results.map((result: { key_package_ref: string }) => result.key_package_ref)];
  const router = await token({ user: "delivery", client: undefined, scope: ROUTES });
  const bearers = [
    owner.token,
    await token({ user: "fuzzer", client: "laptop", scope: CLAIM }),
    await token({ user: owner.user, client: owner.client, scope: `${PUBLISH} ${CLAIM} ${REVOKE}` }),
    router,
  ];
  known.authorizations = [
    ...bearers.map((bearer) => `Bearer ${bearer}`),
    `Capability ${base64url(secret)}`,
    `capability  ${base64url(secret)} `,
    `Capability ${base64url(publicKey)}`,
    "Capability",
    "Capability =",
    "Capability AAAA",
    `Capability ${base64url(secret)} ${base64url(secret)}`,
  ];
  await usable(base64url(secret), router);
}

/** What the requests are made around works as it should: with luck some of them do, too. */
async function usable(secret: string, router: string): Promise<void> {
  const claimed = await ask("POST", `/v1/users/${known.user}/claims`, {
    body: { bundle: [[1], [3]], route: true },
    headers: { Authorization: `Capability ${secret}`, "Idempotency-Key": "usable", "CF-Connecting-IP": "192.0.2.1" },
  });
  const [client] = claimed.json.clients;
  expect(client.packages).toMatchObject([{ receipt: expect.any(String) }, { receipt: expect.any(String) }]);
  const refs = client.packages.map((one: { key_package_ref: string }) => one.key_package_ref);
  const found = await ask("POST", "/v1/routes", { token: router, body: { key_package_refs: refs } });
  expect(found.json.routes).toMatchObject([{ user: known.user }, { user: known.user }]);
}

beforeAll(anotherUser);

it(
  "answers whatever is asked as it is described, and never with a fault",
  async () => {
    let requests = 0;
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(fuzzedRequests(PATHS), fc.nat({ max: 0xffff }), async (request, source) => {
        requests += 1;
        if (requests % REQUESTS_PER_USER === 0) await anotherUser();
        const { method, path, headers, body } = request;
        // Refusals are counted by the address.
        const from = { "CF-Connecting-IP": `2001:db8:${source.toString(16)}::` };
        const options = { headers: { ...headers, ...from }, ...(body === undefined ? {} : { raw: body }) };
        const { status } = await ask(method, path, options);
        expect(status).toBeLessThan(500);
        if (status === 200) taken += 1;
      }),
      { numRuns: FUZZ_RUNS, seed: fuzzSeed },
    );
    // Requests that all bounce off the first check would prove little.
    expect(taken).toBeGreaterThan(FUZZ_RUNS / 20);
  },
  FUZZ_TIMEOUT_MS,
);
