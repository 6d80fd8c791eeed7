/** Claims, refusals and the lag of D1 over time: what operators see, and what is kept for it. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, test, vi } from "vitest";
import {
  LATE_DELIVERY_MS,
  OUTBOX_RETRY_MAX_MS,
  SERIES_KEPT_SECONDS,
  SERIES_ROW_SECONDS,
  SERIES_SPANS,
} from "../../../src/config/limits.ts";
import { SERIES, type SeriesCounts } from "../../../src/contract/series-messages.ts";
import { app } from "../../../src/http/app.ts";
import { recordsOf } from "../../../src/pool/address.ts";
import { noteLag } from "../../../src/pool/outbox/late-deliveries.ts";
import { Pool } from "../../../src/pool/pool.ts";
import { call, claimer, freshName, type Json, ORIGIN, registeredOwner } from "../support/http.ts";
import { keyPackages, poolOf } from "../support/pool-calls.ts";
import { forgetActivity, operatorToken, tellActivity } from "../support/told-activity.ts";

beforeEach(forgetActivity);

const seriesOf = async (span?: string): Promise<Json> => {
  const path = `/v1/admin/series${span ? `?span=${span}` : ""}`;
  const { status, json } = await call("GET", path, { token: await operatorToken() });
  expect(status).toBe(200);
  return json;
};

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
const sums = (lists: Json): Json =>
  Object.fromEntries(Object.entries(lists).map(([name, counts]) => [name, sum(counts as readonly number[])]));
const rowsKept = () =>
  runInDurableObject(recordsOf(env), (_, { storage }) => storage.sql.exec("SELECT * FROM series").toArray());
const now = () => Math.floor(Date.now() / 1000);
const added = (counts: SeriesCounts, at: number) => recordsOf(env).addToSeries(counts, at);

test("claims are counted by what each client gave, once even if the answer is given again", async () => {
  const alice = await registeredOwner();
  const bob = await claimer();
  await alice.publish([...alice.forgeMany(2), alice.forge({ lastResort: true })]);
  await bob.claim(alice.user, {}, { "Idempotency-Key": "once" });
  await bob.claim(alice.user, {}, { "Idempotency-Key": "once" });
  await bob.claimMany({ users: [alice.user] });
  await bob.claim(alice.user);
  await bob.claim(alice.user, { required_capabilities: { extensions: [0x7777] } });
  await bob.claim(alice.user, { exclude_clients: [alice.client] });
  await tellActivity();
  const { claims, counting, span } = await seriesOf();
  expect([counting, span, sums(claims)]).toEqual([
    true,
    "day",
    { one_time: 2, last_resort: 1, missed: 1, rate_limited: 0 },
  ]);
});

test("refusals are counted by their status, also of requests without a good token", async () => {
  const bob = await claimer();
  await bob.claim(freshName("nobody"));
  await call("GET", "/v1/admin/users", { token: bob.token });
  await call("POST", "/v1/claims", { token: "forged", body: { users: ["alice"] } });
  const down = { ...env, AUTH_ISSUER: "" };
  const closed = await app.request(`${ORIGIN}/v1/admin/top`, { headers: { Authorization: "Bearer x" } }, down);
  expect(closed.status).toBe(503);
  await tellActivity();
  expect(sums((await seriesOf()).refusals)).toEqual({ rate_limited: 0, not_allowed: 2, failed: 1, other: 1 });
});

test("steps are added up to those of the span that was asked for, and of the lag the longest counts", async () => {
  const at = now();
  await added({ claims_one_time: 1, directory_lag_seconds: 30 }, at - 3 * 3_600);
  await added({ claims_one_time: 2, directory_lag_seconds: 90 }, at - 3 * 3_600 + SERIES_ROW_SECONDS);
  await added({ claims_one_time: 4 }, at - 30 * 3_600);
  await added({ claims_one_time: 8, directory_lag_seconds: 20 }, at);
  for (const [span, total] of [
    ["six_hours", 11],
    ["day", 11],
    ["two_days", 15],
  ] as const) {
    const series = await seriesOf(span);
    const { stepSeconds, steps } = SERIES_SPANS[span];
    expect([series.span, series.step_seconds, series.since % stepSeconds]).toEqual([span, stepSeconds, 0]);
    expect(series.since + (steps - 1) * stepSeconds).toBeLessThanOrEqual(at);
    expect(series.since + steps * stepSeconds).toBeGreaterThan(at);
    for (const list of [...Object.values(series.claims), ...Object.values(series.refusals)] as number[][])
      expect(list).toHaveLength(steps);
    expect(sum(series.claims.one_time)).toBe(total);
    expect(series.claims.one_time.at(-1)).toBe(8);
    expect(Math.max(...series.directory_lag_seconds)).toBe(90);
    expect(series.directory_lag_seconds.at(-1)).toBe(20);
  }
});

test("a write to D1 that is late is told once per minute and isolate, and one on time is not", async () => {
  await noteLag(env, LATE_DELIVERY_MS - 1, Date.now());
  expect(sum((await seriesOf()).directory_lag_seconds)).toBe(0);
  await noteLag(env, 12_000, Date.now());
  await noteLag(env, 80_000, Date.now());
  expect((await seriesOf()).directory_lag_seconds.at(-1)).toBe(12);
  vi.setSystemTime(Date.now() + 60_000);
  await noteLag(env, 15_000, Date.now());
  expect(Math.max(...(await seriesOf()).directory_lag_seconds)).toBe(80);
});

test.each([
  ["told", {}, OUTBOX_RETRY_MAX_MS / 1000],
  ["not told where it is switched off", { ACTIVITY_COUNTS: "off" }, 0],
])("how late a pool was with its news is %s", async (_, settings, seconds) => {
  const pool = await poolOf();
  const broken = vi.spyOn(env.DB, "batch").mockRejectedValue(new Error("D1_ERROR: broken"));
  await runInDurableObject(pool.stub(), async (_, state) => {
    const instance = new Pool(state, { ...env, ...settings });
    const beside = vi.spyOn(state, "waitUntil");
    const settled = () => Promise.all(beside.mock.calls.map(([work]) => work));
    await instance.publish({ ...pool.base, client: pool.client, mode: "add", keyPackages: keyPackages(1), refused: 0 });
    await settled();
    vi.setSystemTime(Date.now() + OUTBOX_RETRY_MAX_MS);
    await instance.alarm();
    await settled();
    beside.mockRestore();
  });
  broken.mockRestore();
  expect(Math.max(...(await seriesOf()).directory_lag_seconds)).toBe(seconds);
});

test("a span is one row of bounded size, an idle directory writes none, and what is older than two days goes", async () => {
  const before = await rowsKept();
  await tellActivity();
  expect(await rowsKept()).toEqual(before);
  const most = Object.fromEntries(SERIES.map((name) => [name, 999_999_999]));
  for (let at = now() - 2 * SERIES_KEPT_SECONDS; at <= now(); at += SERIES_ROW_SECONDS) {
    for (let times = 0; times < 2; times++) await added(most, at);
  }
  const rows = await rowsKept();
  expect(rows.length).toBe(SERIES_KEPT_SECONDS / SERIES_ROW_SECONDS);
  expect(Math.max(...rows.map(({ counts }) => String(counts).length))).toBeLessThan(350);
});

test("nothing is counted where it is switched off", async () => {
  const alice = await registeredOwner();
  await alice.publish(alice.forgeMany(1));
  const bob = await claimer();
  const off = { ...env, ACTIVITY_COUNTS: "off" };
  const ask = (token: string) =>
    app.request(
      `${ORIGIN}/v1/users/${alice.user}/claims`,
      { method: "POST", headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" }, body: "{}" },
      off,
    );
  expect([(await ask(bob.token)).status, (await ask("forged")).status]).toEqual([200, 401]);
  await tellActivity();
  const series = await seriesOf();
  expect([sum(series.claims.one_time), sum(series.refusals.not_allowed)]).toEqual([0, 0]);
  const admin = { Authorization: `Bearer ${await operatorToken()}` };
  const answer = await app.request(`${ORIGIN}/v1/admin/series`, { headers: admin }, off);
  expect(((await answer.json()) as Json).counting).toBe(false);
});

test("the span is one of three", async () => {
  const { status, json } = await call("GET", "/v1/admin/series?span=week", { token: await operatorToken() });
  expect([status, json.code]).toEqual([400, "invalid_request"]);
});
