/** Bundles: of each client one package of each group of suites, or none, in one transaction. */
import { expect, test } from "vitest";
import { type ClientClaim, packagesOf } from "../../../src/contract/claim-messages.ts";
import { CLAIM, token } from "../support/auth.ts";
import { base64url } from "../support/forge-for-now.ts";
import { call } from "../support/http.ts";
import { hexRefs, keyPackage, keyPackages, only, poolOf } from "../support/pool-calls.ts";

const PQ = 0xf042;
const PAIR = { ciphersuites: [], bundle: [[1], [PQ]] };
const pq = (change = {}) => keyPackage({ ciphersuite: PQ, ...change });

const refsOf = (claim: ClientClaim | undefined): string[] =>
  claim ? packagesOf(claim).map(({ keyPackageRef }) => keyPackageRef.toHex()) : [];

type TestPool = Awaited<ReturnType<typeof poolOf>>;

async function available(pool: TestPool): Promise<[number, number][]> {
  return (await pool.inventory()).map(({ ciphersuite, available: count }): [number, number] => [ciphersuite, count]);
}

test("each client gives one of each group, in the order of the groups, and no two claims get the same", async () => {
  const pool = await poolOf();
  const [classical, quantum] = [keyPackages(5), [pq(), pq(), pq()]];
  await pool.publish([...classical, ...quantum]);
  const answers = await Promise.all(Array.from({ length: 4 }, () => pool.claim(PAIR)));
  const given = answers.map((answer) => refsOf(only(answer)));
  expect(given).toEqual([
    ...[0, 1, 2].map((i) => hexRefs([classical[i], quantum[i]] as [(typeof quantum)[0], (typeof quantum)[0]])),
    [],
  ]);
  expect(only(answers[3] as (typeof answers)[0]).status).toBe("exhausted");
  // The fourth had a classical package to give, and kept it.
  expect(await available(pool)).toEqual([
    [1, 2],
    [PQ, 0],
  ]);
});

test("a client without one of the groups gives nothing, and holds no other up", async () => {
  const pool = await poolOf();
  await pool.register("tablet");
  await pool.publish([keyPackage(), pq()]);
  await pool.publish([keyPackage()], "tablet");
  const answer = await pool.claim(PAIR);
  expect(answer).toMatchObject({ status: "partial", clients: [{ status: "claimed" }, { status: "incompatible" }] });
});

test("last resorts are given together, and never beside a one-time package", async () => {
  const pool = await poolOf();
  const lasting = [keyPackage({ lastResort: true }), pq({ lastResort: true })];
  await pool.publish([keyPackage(), ...lasting]);
  expect(only(await pool.claim(PAIR))).toMatchObject({ status: "last_resort" });
  expect(refsOf(only(await pool.claim(PAIR)))).toEqual(hexRefs(lasting));
  expect(only(await pool.claim({ ...PAIR, allowLastResort: false })).status).toBe("exhausted");
  expect((await pool.inventory()).map(({ available: count, lastResort }) => [count, lastResort?.uses])).toEqual([
    [1, 2],
    [0, 2],
  ]);
});

test("the same key returns the same bundles of every client, and the journal has each package", async () => {
  const pool = await poolOf();
  await pool.register("tablet");
  const [phone, tablet] = [
    [keyPackage(), pq()],
    [keyPackage(), pq()],
  ];
  await pool.publish(phone);
  await pool.publish(tablet, "tablet");
  const claim = () => pool.claim(PAIR, { claimer: "bob", key: "pair" });
  const first = await claim();
  const again = await claim();
  if (first.outcome !== "answered" || again.outcome !== "answered") throw new Error("expected answers");
  expect([first.replayed, again.replayed]).toEqual([false, true]);
  expect(again.clients).toEqual(first.clients);
  expect(first.clients.map(refsOf)).toEqual([hexRefs(phone), hexRefs(tablet)]);
  expect(first.clients.flatMap(packagesOf).map(({ keyPackage: bytes }) => bytes)).toEqual(
    [...phone, ...tablet].map(({ bytes }) => bytes),
  );
  const page = await pool.stub().journal({ ...pool.base, client: "tablet", after: undefined, limit: 10 });
  if (page.outcome !== "page") throw new Error(page.outcome);
  expect(page.entries.map(({ event, keyPackageRef }) => [event, keyPackageRef?.toHex()])).toEqual(
    hexRefs(tablet).map((ref) => ["claimed", ref]),
  );
});

test("over HTTP a bundle is a list of packages, as JSON and as message/mls", async () => {
  const pool = await poolOf();
  const [one, two] = [keyPackage(), pq()];
  await pool.publish([one, two, keyPackage(), pq()]);
  const bearer = await token({ user: "bob", client: "laptop", scope: CLAIM });
  const ask = (body: unknown, headers = {}) =>
    call("POST", `/v1/users/${pool.user}/claims`, { token: bearer, body, headers });
  const { json } = await ask({ bundle: [[1], [PQ, 0x50]] });
  expect(json.clients).toEqual([
    {
      client: "phone",
      status: "claimed",
      packages: [one, two].map(({ bytes, ref, ciphersuite, notAfter }) => ({
        key_package: base64url(bytes),
        key_package_ref: base64url(ref),
        ciphersuite,
        not_after: notAfter,
      })),
    },
  ]);
  const { bytes } = await ask({ bundle: [[1], [PQ]] }, { Accept: "message/mls" });
  // Each in an MLSMessage, whose header is of four bytes.
  expect(bytes.length).toBe(one.bytes.length + two.bytes.length + 8);
});

test.each([
  ["beside ciphersuites", { ciphersuites: [1], bundle: [[1], [PQ]] }],
  ["with one suite in two groups", { bundle: [[1, 2], [2]] }],
  ["with an empty group", { bundle: [[1], []] }],
  ["without a group", { bundle: [] }],
  ["with more groups than four", { bundle: [[1], [2], [3], [4], [5]] }],
])("a bundle %s is refused", async (_, body) => {
  const bearer = await token({ user: "bob", client: "laptop", scope: CLAIM });
  expect((await call("POST", "/v1/users/alice/claims", { token: bearer, body })).json.code).toBe("invalid_request");
});
