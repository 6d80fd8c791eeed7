/** What a pool counts: what became of its writes to the directory, and alarms that failed. */
import { runInDurableObject } from "cloudflare:test";
import { afterEach, expect, it, vi } from "vitest";
import { OUTBOX_RETRY_MAX_MS } from "../../../src/config/limits.ts";
import { keyPackages, poolOf } from "../support/pool-calls.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

type TestPool = Awaited<ReturnType<typeof poolOf>>;
type Bound = { env: { DB: D1Database; METRICS: AnalyticsEngineDataset } };

/** Data points of this pool from now on. */
async function pointsOf(pool: TestPool): Promise<AnalyticsEngineDataPoint[]> {
  const points: AnalyticsEngineDataPoint[] = [];
  await runInDurableObject(pool.stub(), (instance) => {
    vi.spyOn((instance as unknown as Bound).env.METRICS, "writeDataPoint").mockImplementation((point) => {
      if (point) points.push(point);
    });
  });
  return points;
}

it("counts each write to the directory with what became of it, the failures before it, and how late it is", async () => {
  const pool = await poolOf();
  const points = await pointsOf(pool);
  const broken = await runInDurableObject(pool.stub(), (instance) =>
    vi.spyOn((instance as unknown as Bound).env.DB, "batch").mockRejectedValue(new Error("D1_ERROR: broken")),
  );
  await pool.publish(keyPackages(1));
  await pool.ring();
  broken.mockRestore();
  vi.setSystemTime(Date.now() + OUTBOX_RETRY_MAX_MS);
  await pool.ring();
  const deliveries = points.filter(({ indexes }) => indexes?.[0] === "delivery");
  expect(deliveries.at(0)).toMatchObject({ blobs: ["refused"], doubles: [1, 0, 0, 0] });
  expect(deliveries.at(-1)?.blobs).toEqual(["delivered"]);
  expect(deliveries.at(-1)?.doubles?.[2]).toBeGreaterThan(0);
  // Late since the news were first due, whatever became of the attempts in between.
  expect(deliveries.at(-1)?.doubles?.[3]).toBeGreaterThanOrEqual(OUTBOX_RETRY_MAX_MS);
  await pool.publish(keyPackages(1));
  await pool.ring();
  const next = points.filter(({ indexes }) => indexes?.[0] === "delivery").at(-1);
  expect(next).toMatchObject({ blobs: ["delivered"] });
  expect(next?.doubles?.[3]).toBeLessThan(OUTBOX_RETRY_MAX_MS);
  expect(JSON.stringify(points)).not.toContain(pool.user);
});

it("counts an alarm that failed", async () => {
  const pool = await poolOf();
  const points = await pointsOf(pool);
  await runInDurableObject(pool.stub(), async (instance, state) => {
    vi.spyOn(state.storage, "transactionSync").mockImplementationOnce(() => {
      throw new Error("storage is gone");
    });
    await expect((instance as unknown as { alarm: () => Promise<void> }).alarm()).rejects.toThrow("storage is gone");
  });
  expect(points).toMatchObject([{ indexes: ["alarm"], blobs: ["failed"], doubles: [1] }]);
});
