/** Each change of an operator leaves a record that says who, when, what, about whom and why, and that nobody can take away. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { OPERATOR_RECORDS_TIMEOUT_MS } from "../../../src/config/limits.ts";
import { app } from "../../../src/http/app.ts";
import { REASON_HEADER } from "../../../src/http/audited.ts";
import { isAudited } from "../../../src/http/operation.ts";
import { OPERATIONS } from "../../../src/http/resources/all-operations.ts";
import { poolIdOf, poolName, recordsOf } from "../../../src/pool/address.ts";
import { OperatorRecords } from "../../../src/pool/operator-records.ts";
import { ADMIN, token } from "../support/auth.ts";
import { fakeTimersUntilSet } from "../support/clock.ts";
import { type Call, call, claimer, freshName, type Json, ORIGIN, registeredOwner } from "../support/http.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const olga = await token({ user: "olga", client: "console", scope: ADMIN });
const as = (method: string, path: string, options: Call = {}) =>
  call(method, `/v1/admin${path}`, { token: olga, ...options });

const trailOf = async (user: string): Promise<Json[]> =>
  (await as("GET", `/audit-trail?user=${encodeURIComponent(user)}`)).json.records;

test("a change is on record with its actor, time, target, reason and what came of it", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(2));
  const now = Math.floor(Date.now() / 1000);
  const revoked = await as("DELETE", `/users/${owner.user}`, { reason: "Ticket 4711: %C3%BCbernommen, 100%25" });
  expect(await trailOf(owner.user)).toEqual([
    {
      id: expect.any(Number),
      at: now,
      actor: { user: "olga", client: "console" },
      operation: "revokeUser",
      target: poolIdOf(env, owner.user),
      why: "Ticket 4711: übernommen, 100%",
      request_id: revoked.headers.get("X-Request-Id"),
      ended_at: now,
      status: 200,
      code: null,
      outcomes: [
        { name: "clients", value: 1 },
        { name: "purged", value: 2 },
      ],
    },
  ]);
});

test("one that was refused is on record too, with the code", async () => {
  const user = freshName("nobody");
  expect((await as("DELETE", `/users/${user}`)).json.code).toBe("unknown_user");
  expect(await trailOf(user)).toMatchObject([{ status: 404, code: "unknown_user", outcomes: [] }]);
});

test("one that threw is on record as the fault that it was", async () => {
  const owner = await registeredOwner();
  vi.spyOn(env.POOL, "getByName").mockImplementation(() => {
    throw new TypeError("broken");
  });
  const { status } = await as("DELETE", `/users/${owner.user}`);
  vi.restoreAllMocks();
  expect(await trailOf(owner.user)).toMatchObject([{ status, operation: "revokeUser" }]);
});

test("every operation that changes something in an operator's name is recorded, but for resyncs", () => {
  const changes = OPERATIONS.filter(({ access, method }) => access === "operator" && method !== "GET");
  expect(changes.filter((operation) => !isAudited(operation)).map(({ id }) => id)).toEqual([
    "resyncUser",
    "resyncPool",
  ]);
  expect(changes.filter(({ audit }) => audit === "itself").map(({ id }) => id)).toEqual(["forgetInPool"]);
});

test.each([
  ["none", null],
  ["an empty one", ""],
  ["blanks", "   "],
  ["one that is too long", "x".repeat(501)],
  ["one that cannot be decoded", "100%"],
])("without a reason nothing is changed and nothing recorded: %s", async (_, reason) => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(1));
  expect((await as("DELETE", `/users/${owner.user}`, { reason })).json.code).toBe("reason_missing");
  expect((await owner.inventory())[0].available).toBe(1);
  expect(await trailOf(owner.user)).toEqual([]);
});

test("what cannot be recorded is not done", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(1));
  vi.spyOn(env.OPERATOR_RECORDS, "getByName").mockImplementation(() => {
    throw new Error("the object is gone");
  });
  const refused = await as("DELETE", `/users/${owner.user}`);
  expect([refused.status, refused.json.code]).toEqual([503, "operator_records_unavailable"]);
  expect((await owner.inventory())[0].available).toBe(1);
});

test("records that do not answer in time are no reason to go ahead", async () => {
  const owner = await registeredOwner();
  const silent = { getByName: () => ({ begin: () => new Promise(() => undefined) }) };
  const waiting = fakeTimersUntilSet(OPERATOR_RECORDS_TIMEOUT_MS);
  const asked = app.request(
    `${ORIGIN}/v1/admin/users/${owner.user}`,
    { method: "DELETE", headers: { Authorization: `Bearer ${olga}`, [REASON_HEADER]: "a test" } },
    { ...env, OPERATOR_RECORDS: silent },
  );
  await waiting;
  await vi.advanceTimersByTimeAsync(OPERATOR_RECORDS_TIMEOUT_MS);
  expect(((await (await asked).json()) as Json).code).toBe("operator_records_unavailable");
});

test("a change whose record could not be completed was made, and is on record as begun", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(1));
  const broken = await runInDurableObject(recordsOf(env), () =>
    vi.spyOn(OperatorRecords.prototype, "complete").mockImplementation(() => {
      throw new Error("disk full");
    }),
  );
  expect((await as("DELETE", `/users/${owner.user}`)).json).toMatchObject({ purged: 1 });
  broken.mockRestore();
  expect(await trailOf(owner.user)).toMatchObject([{ operation: "revokeUser", ended_at: null, status: null }]);
});

test("no route and no method takes a record away, and a completed one stays as it is", async () => {
  expect(OPERATIONS.filter(({ path }) => path.includes("audit")).map(({ method }) => method)).toEqual(["GET"]);
  expect(Object.getOwnPropertyNames(OperatorRecords.prototype).toSorted()).toEqual(
    [
      "constructor",
      "begin",
      "complete",
      "trail",
      "block",
      "unblock",
      "markIssuerKeys",
      "addActivity",
      "addToSeries",
      "series",
      "activity",
      "orders",
    ].toSorted(),
  );
  const owner = await registeredOwner();
  await as("DELETE", `/users/${owner.user}`);
  const [record] = await trailOf(owner.user);
  await recordsOf(env).complete(record.id, { at: 1, status: 500, code: "internal_error", outcomes: {} });
  expect(await trailOf(owner.user)).toEqual([record]);
  await as("DELETE", `/users/${owner.user}/data`);
  expect((await trailOf(owner.user)).at(-1)).toEqual(record);
});

test("the trail is read by page, the newest first", async () => {
  const owner = await registeredOwner();
  for (const reason of ["first", "second", "third"]) await as("DELETE", `/users/${owner.user}`, { reason });
  const whys: string[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const query: string = after && `&after=${encodeURIComponent(after)}`;
    const { json }: Json = await as("GET", `/audit-trail?user=${owner.user}&limit=2${query}`);
    whys.push(...json.records.map((record: Json) => record.why));
    after = json.next;
  }
  expect(whys).toEqual(["third", "second", "first"]);
  expect((await as("GET", "/audit-trail?limit=1")).json.records[0].why).toBe("third");
});

test("no name of a user is kept in it for good, and a dry run of a walk leaves no record", async () => {
  const carol = await registeredOwner();
  await carol.publish(carol.forgeMany(1));
  const mallory = await claimer();
  await mallory.claim(carol.user);
  const forget = (body: object) =>
    as("POST", `/pools/${env.POOL.idFromName(poolName(carol.user)).toString()}/forget`, { body });
  await forget({ users: [mallory.user], dry_run: true });
  await forget({ users: [freshName("nobody")] });
  expect(await trailOf(carol.user)).toEqual([]);
  await forget({ users: [mallory.user] });
  expect(await trailOf(carol.user)).toMatchObject([
    {
      operation: "forgetInPool",
      outcomes: [
        { name: "claims", value: 1 },
        { name: "clients", value: 0 },
      ],
    },
  ]);
  await as("DELETE", `/users/${carol.user}/data`);
  const text = await runInDurableObject(recordsOf(env) as unknown as DurableObjectStub, (_, state) =>
    JSON.stringify(state.storage.sql.exec("SELECT * FROM audit_trail").toArray()),
  );
  expect(text).not.toContain(carol.user);
  expect(text).not.toContain(mallory.user);
});
