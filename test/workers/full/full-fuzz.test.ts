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
const PATHS = [
  CLIENT,
  `${CLIENT}/key-packages`,
  `${CLIENT}/claim-capabilities`,
  `${CLIENT}/claim-capabilities/{capability}`,
  `${CLIENT}/revocation`,
  "/v1/users/{user}/claims",
  "/v1/claims",
  "/v1/routes",
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
  const bearers = [
    owner.token,
    await token({ user: "fuzzer", client: "laptop", scope: CLAIM }),
    await token({ user: owner.user, client: owner.client, scope: `${PUBLISH} ${CLAIM} ${REVOKE}` }),
    await token({ user: "delivery", client: undefined, scope: ROUTES }),
  ];
  known.authorizations = [
    ...bearers.map((bearer) => `Bearer ${bearer}`),
    `Capability ${base64url(secret)}`,
    `capability  ${base64url(secret)} `,
    `Capability ${base64url(publicKey)}`,
    "Capability",
    `Capability ${base64url(secret)} ${base64url(secret)}`,
  ];
}

beforeAll(anotherUser);

it(
  "answers whatever is asked as it is described, and never with a fault",
  async () => {
    let requests = 0;
    const given = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fuzzedRequests(PATHS), fc.integer(), async ({ method, path, headers, body }, source) => {
        requests += 1;
        if (requests % REQUESTS_PER_USER === 0) await anotherUser();
        const from = {
          "CF-Connecting-IP": `2001:db8:${(source >>> 16).toString(16)}:${(source & 0xffff).toString(16)}::`,
        };
        const answer = await ask(method, path, {
          headers: { ...headers, ...from },
          ...(body === undefined ? {} : { raw: body }),
        });
        expect(answer.status).toBeLessThan(500);
        for (const one of kindsOf(headers.Authorization ?? "", path, answer.json))
          given.set(one, (given.get(one) ?? 0) + 1);
      }),
      { numRuns: FUZZ_RUNS, seed: fuzzSeed },
    );
    // Requests that all bounce off the first check would prove little.
    for (const kind of ["capability", "bundle", "receipt", "route"]) {
      expect(given.get(kind) ?? 0, kind).toBeGreaterThan(FUZZ_RUNS / 1000);
    }
  },
  FUZZ_TIMEOUT_MS,
);

/** What of this build an answer has. */
function kindsOf(authorization: string, path: string, json: unknown): string[] {
  const text = JSON.stringify(json) ?? "";
  const isGiven = text.includes('"key_package"');
  return [
    ...(isGiven && authorization.startsWith("Capability") ? ["capability"] : []),
    ...(isGiven && text.includes('"packages"') ? ["bundle"] : []),
    ...(text.includes('"receipt"') ? ["receipt"] : []),
    ...(path === "/v1/routes" && text.includes('"user"') ? ["route"] : []),
  ];
}
