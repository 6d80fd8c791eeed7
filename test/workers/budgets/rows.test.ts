/**
 * What each operation writes, counted by the platform's own cursors, with alarms and D1. The numbers are exact, so that a
 * change of them is seen and meant; the bounds are what the directory promises. docs/scale.md says what rows cost.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, describe, expect, it } from "vitest";
import { type Counted, RowMeter, rowsOf } from "../../../tools/lib/cost/row-meter.ts";
import { measureScenario, type ScenarioName, scenarioNames } from "../../../tools/lib/cost/row-scenarios.ts";
import { EXPECTED_ROWS } from "../../support/expected-rows.ts";
import { lab, pool } from "../support/row-lab.ts";

const measured: (Counted & { readonly name: ScenarioName })[] = [];

afterAll(() => {
  const lines = measured.map((counted) => {
    const { poolRows, alarms, directoryRows, name } = counted;
    const numbers = [poolRows, alarms, directoryRows, rowsOf(counted)].map((number) => String(number).padStart(10));
    return `${name.padEnd(34)}${numbers.join("")}${String(EXPECTED_ROWS[name].atMost ?? "").padStart(10)}`;
  });
  const heads = ["pool", "alarms", "D1", "rows", "at most"].map((head) => head.padStart(10)).join("");
  console.info(["rows written".padEnd(34) + heads, ...lines].join("\n"));
});

describe("rows written", () => {
  it.each(scenarioNames())("%s writes exactly what it says here, and no more than it may", async (name) => {
    const counted = await measureScenario(lab, name);
    measured.push({ name, ...counted });
    const { rows, atMost = Number.POSITIVE_INFINITY, isAboveBound = false } = EXPECTED_ROWS[name];
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
