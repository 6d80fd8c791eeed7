/** No answer is a fault, and none is outside of the description (`call` sees to that), whatever is asked. */
import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { OPERATIONS } from "../../../src/http/resources/all-operations.ts";
import { ADMIN, CLAIM, PUBLISH, token } from "../support/auth.ts";
import { base64url } from "../support/forge-for-now.ts";
import { FUZZ_RUNS, FUZZ_TIMEOUT_MS, fuzzedRequests, fuzzSeed, known } from "../support/fuzzed-requests.ts";
import { call, registeredOwner } from "../support/http.ts";

/** Of this build: the description also has the routes of the full one. */
const PATHS = [...new Set(OPERATIONS.map(({ path }) => path))];

beforeAll(async () => {
  const owner = await registeredOwner();
  known.user = owner.user;
  known.packages = [
    ...owner.forgeMany(18),
    owner.forge({ lastResort: true }),
    owner.forge({ breakSignature: true }),
  ].map(base64url);
  const who = { user: owner.user, client: owner.client };
  const tokens = [
    owner.token,
    await token({ user: "fuzzer", client: "laptop", scope: CLAIM }),
    await token({ user: "fuzzer", client: "laptop", scope: ADMIN }),
    await token({ ...who, scope: `${PUBLISH} ${CLAIM} ${ADMIN}` }),
  ];
  known.authorizations = tokens.map((one) => `Bearer ${one}`);
});

it(
  "answers whatever is asked as it is described, and never with a fault",
  async () => {
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(fuzzedRequests(PATHS), async ({ method, path, headers, body }) => {
        const { status } = await call(method, path, { headers, ...(body === undefined ? {} : { raw: body }) });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        expect(status).toBeLessThan(500);
      }),
      { numRuns: FUZZ_RUNS, seed: fuzzSeed },
    );
    // Requests that all bounce off the first check would prove little.
    expect(statuses.get(200) ?? 0).toBeGreaterThan(FUZZ_RUNS / 20);
  },
  FUZZ_TIMEOUT_MS,
);
