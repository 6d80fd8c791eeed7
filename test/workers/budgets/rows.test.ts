/**
 * What each operation writes, counted by the platform's own cursors, with alarms and D1. The numbers are exact, so that a
 * change of them is seen and meant; the bounds are what the directory promises. docs/scale.md says what rows cost.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, describe, expect, it } from "vitest";
import { type Counted, RowMeter, rowsOf } from "../../../tools/lib/cost/row-meter.ts";
import { measureScenario, type ScenarioName, scenarioNames } from "../../../tools/lib/cost/row-scenarios.ts";
import { lab, pool } from "../support/row-lab.ts";

type Expected = {
  /** Rows of the pool, alarms set or deleted, rows of D1. */
  readonly rows: readonly [pool: number, alarms: number, directory: number];
  readonly atMost?: number;
  /** The bound is not kept yet. When it is, the test fails until this goes. */
  readonly isAboveBound?: true;
};

const EXPECTED: Readonly<Record<ScenarioName, Expected>> = {
  register: { rows: [20, 1, 2] },
  publish_100: { rows: [8, 2, 2], atMost: 25 },
  publish_100_onto_stock: { rows: [7, 2, 2], atMost: 25 },
  replace_100: { rows: [13, 2, 2], atMost: 40 },
  claim_with_key: { rows: [4, 0, 0], atMost: 4 },
  claim_without_key: { rows: [3, 0, 0], atMost: 3 },
  claim_last_resort: { rows: [3, 0, 0], atMost: 4 },
  claim_last_resort_without_key: { rows: [2, 0, 0], atMost: 3 },
  replay: { rows: [0, 0, 0], atMost: 0 },
  claim_with_key_a_day_later: { rows: [5, 0, 0] },
  claim_of_two_clients: { rows: [6, 0, 0] },
  claim_of_four_clients: { rows: [10, 0, 0] },
  claim_below_watermark: { rows: [7, 2, 3] },
  claim_of_the_last: { rows: [7, 2, 3] },
  claim_in_vain: { rows: [2, 0, 0] },
  cleanup_100: { rows: [6, 1, 3], atMost: 10 },
  cleanup_100_claimed: { rows: [101, 0, 0], atMost: 10, isAboveBound: true },
  cleanup_100_claimed_with_keys: { rows: [101, 0, 0], atMost: 10, isAboveBound: true },
  idle_user_per_day: { rows: [0, 0, 0], atMost: 0 },
  idle_user_30_days: { rows: [0, 0, 0], atMost: 0 },
};

const measured: (Counted & { readonly name: ScenarioName })[] = [];

afterAll(() => {
  const lines = measured.map((counted) => {
    const { poolRows, alarms, directoryRows, name } = counted;
    const numbers = [poolRows, alarms, directoryRows, rowsOf(counted)].map((number) => String(number).padStart(10));
    return `${name.padEnd(34)}${numbers.join("")}${String(EXPECTED[name].atMost ?? "").padStart(10)}`;
  });
  const heads = ["pool", "alarms", "D1", "rows", "at most"].map((head) => head.padStart(10)).join("");
  console.info(["rows written".padEnd(34) + heads, ...lines].join("\n"));
});

describe("rows written", () => {
  it.each(scenarioNames())("%s writes exactly what it says here, and no more than it may", async (name) => {
    const counted = await measureScenario(lab, name);
    measured.push({ name, ...counted });
    const { rows, atMost = Number.POSITIVE_INFINITY, isAboveBound = false } = EXPECTED[name];
    expect([counted.poolRows, counted.alarms, counted.directoryRows]).toEqual(rows);
    expect(rowsOf(counted) > atMost).toBe(isAboveBound);
  });
});

describe("the meter", () => {
  it("counts each row and each index row that is written, once the cursor is consumed, and each alarm", async () => {
    const user = "the meter's own";
    const own = new RowMeter();
    const counted = await runInDurableObject(pool(user), async (_, { storage }) => {
      own.watchStorage(storage);
      own.watchStorage(storage);
      storage.sql.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b TEXT)");
      own.take();
      storage.sql.exec("INSERT INTO t (a, b) VALUES ('1', 'x'), ('2', 'x')");
      const cursor = storage.sql.exec("UPDATE t SET b = 'y' RETURNING id");
      for (const _row of cursor);
      await storage.setAlarm(Date.now() + 1e9);
      await storage.deleteAlarm();
      return own.take();
    });
    // Two rows and two of their index, two updates that the index does not see, an alarm set and an alarm deleted.
    expect(counted).toMatchObject({ poolRows: 6, alarms: 2, directoryRows: 0 });
    expect(own.take()).toMatchObject({ poolRows: 0, alarms: 0 });
  });

  it("counts what D1 says that a batch has written", async () => {
    const own = new RowMeter();
    const fresh = { DB: Object.create(Object.getPrototypeOf(env.DB), Object.getOwnPropertyDescriptors(env.DB)) };
    own.watchDatabases(fresh);
    own.watchDatabases(fresh);
    const insert =
      "INSERT INTO restore_epoch (id, epoch, set_at) VALUES (1, 0, 0) ON CONFLICT (id) DO UPDATE SET epoch = 0";
    await fresh.DB.batch([env.DB.prepare(insert), env.DB.prepare(insert)]);
    expect(own.take()).toMatchObject({ poolRows: 0, directoryRows: 2, directoryBatches: 1 });
  });
});
