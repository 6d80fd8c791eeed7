/** Who claims most, who is claimed from most and who is refused most: what operators see, and what is kept for it. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, test, vi } from "vitest";
import { ACTIVITY_NAMES } from "../../../src/config/limits.ts";
import { app } from "../../../src/http/app.ts";
import { poolIdOf, recordsOf } from "../../../src/pool/address.ts";
import { OperatorRecords } from "../../../src/pool/operator-records.ts";
import { newTally } from "../../../src/shared/heavy-hitters.ts";
import { call, claimer, freshName, type Json, ORIGIN, registeredOwner } from "../support/http.ts";
import { forgetActivity, operatorToken, tellActivity } from "../support/told-activity.ts";

const HOUR = 3_600_000;

beforeEach(forgetActivity);

const topOf = async (span?: string): Promise<Json> => {
  const path = `/v1/admin/top${span ? `?span=${span}` : ""}`;
  const { status, json } = await call("GET", path, { token: await operatorToken() });
  expect(status).toBe(200);
  return json;
};

const rows = (list: Json) => list.rows.map(({ user, count }: Json) => [user, count]);

test("claimers, targets and refusals are counted by user, over single claims and bulk claims", async () => {
  const [alice, dora] = [await registeredOwner(), await registeredOwner()];
  await alice.publish(alice.forgeMany(4));
  const bob = await registeredOwner();
  const claiming = await claimer(bob.user, "tablet");
  const nobody = freshName("nobody");
  for (let times = 0; times < 3; times++) await claiming.claim(alice.user);
  await call("POST", "/v1/claims", { token: claiming.token, body: { users: [alice.user, dora.user] } });
  expect((await claiming.claim(nobody)).json.code).toBe("unknown_user");
  await tellActivity();
  const top = await topOf();
  expect(top).toMatchObject({ counting: true, span: "hour", claimers: { total: 6, missed: 0 } });
  expect(rows(top.claimers)).toEqual([[bob.user, 6]]);
  expect(new Map(rows(top.targets))).toEqual(
    new Map<string | null, number>([
      [alice.user, 4],
      [dora.user, 1],
      [null, 1],
    ]),
  );
  expect(top.targets.rows.find(({ user }: Json) => user === null).pool).toBe(poolIdOf(env, nobody));
  expect(top.refusals.rows).toEqual([
    { pool: poolIdOf(env, bob.user), user: bob.user, code: "unknown_user", count: 1 },
  ]);
});

test("an hour is over before a day is, and then that is over too", async () => {
  const alice = await registeredOwner();
  await (await claimer()).claim(alice.user);
  await tellActivity();
  for (const span of ["hour", "day"]) expect(rows((await topOf(span)).targets)).toEqual([[alice.user, 1]]);
  vi.setSystemTime(Date.now() + HOUR);
  expect([rows((await topOf("hour")).targets), rows((await topOf("day")).targets)]).toEqual([[], [[alice.user, 1]]]);
  vi.setSystemTime(Date.now() + 24 * HOUR);
  expect(rows((await topOf("day")).targets)).toEqual([]);
});

test("no name is kept, nothing is kept for longer than a day once more comes, and an erased user has no name there", async () => {
  const alice = await registeredOwner();
  const bob = await claimer();
  await bob.claim(alice.user);
  await tellActivity();
  const stored = () =>
    runInDurableObject(recordsOf(env), (_, { storage }) =>
      JSON.stringify(storage.sql.exec("SELECT * FROM activity").toArray()),
    );
  const before = await stored();
  expect(before).toContain(poolIdOf(env, alice.user));
  for (const name of [alice.user, bob.user]) expect(before).not.toContain(name);
  await call("DELETE", `/v1/admin/users/${alice.user}/data`, { token: await operatorToken() });
  expect(rows((await topOf()).targets)).toEqual([[null, 1]]);
  vi.setSystemTime(Date.now() + 24 * HOUR);
  await (await claimer()).claim(freshName("other"));
  await tellActivity();
  expect(await stored()).not.toContain(poolIdOf(env, alice.user));
});

test("a span is one row, however many claims it stands for, and holds a bounded number of names", async () => {
  const batch = () => {
    const targets = newTally();
    for (let index = 0; index < ACTIVITY_NAMES; index++) targets.counts.set(freshName("pool"), 1);
    return { claimers: newTally(), refusals: newTally(), targets: { ...targets, total: ACTIVITY_NAMES } };
  };
  const records = recordsOf(env);
  const now = Math.floor(Date.now() / 1000);
  for (let times = 0; times < 5; times++) await records.addActivity(batch(), {}, now);
  const { activity } = await records.activity("hour", now);
  expect(activity.targets.counts.size).toBeLessThanOrEqual(ACTIVITY_NAMES);
  expect(activity.targets.total).toBe(5 * ACTIVITY_NAMES);
  await runInDurableObject(records, (_, { storage }) => {
    const starts = storage.sql.exec("SELECT seconds FROM activity WHERE start > ?", now - 3_600).toArray();
    expect(starts).toEqual([{ seconds: 600 }, { seconds: 3_600 }]);
  });
});

test("an isolate tells once per minute, beside a request", async () => {
  const alice = await registeredOwner();
  const bob = await claimer();
  await bob.claim(alice.user);
  await tellActivity();
  const told = vi.spyOn(OperatorRecords.prototype, "addActivity");
  for (let times = 0; times < 5; times++) await bob.claim(alice.user);
  await tellActivity();
  expect(told).toHaveBeenCalledTimes(1);
  told.mockRestore();
  expect((await topOf()).targets.total).toBe(6);
});

test("nothing is counted where it is switched off, nor of a caller without a good token", async () => {
  const alice = await registeredOwner();
  const bob = await claimer();
  const off = { ...env, ACTIVITY_COUNTS: "off" };
  const headers = { Authorization: `Bearer ${bob.token}`, "Content-Type": "application/json" };
  await app.request(`${ORIGIN}/v1/users/${alice.user}/claims`, { method: "POST", headers, body: "{}" }, off);
  await call("POST", `/v1/users/${alice.user}/claims`, { token: "forged", body: {} });
  await tellActivity();
  expect(await topOf()).toMatchObject({
    claimers: { total: 0 },
    targets: { total: 0 },
    refusals: { total: 0 },
  });
  const admin = { Authorization: `Bearer ${await operatorToken()}` };
  const answer = await app.request(`${ORIGIN}/v1/admin/top`, { headers: admin }, off);
  expect(((await answer.json()) as Json).counting).toBe(false);
});

test("the span is an hour or a day", async () => {
  const { status, json } = await call("GET", "/v1/admin/top?span=week", { token: await operatorToken() });
  expect([status, json.code]).toEqual([400, "invalid_request"]);
});
