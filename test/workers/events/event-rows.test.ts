/**
 * What events cost, in the same scenarios as test/workers/budgets/rows.test.ts: next to nothing for what makes none, and
 * for one that does a row when it is noted and a row when it is delivered. The first of a user makes its table, which is
 * two more, and one that nothing else is to be sent with has the alarm to itself: two, and the row of its look at the clock.
 */
import { expect, it } from "vitest";
import { measureScenario, type ScenarioName } from "../../../tools/lib/cost/row-scenarios.ts";
import { pass, stocked } from "../support/events.ts";
import { keyPackages } from "../support/pool-calls.ts";
import { lab } from "../support/row-lab.ts";

type Rows = readonly [pool: number, alarms: number, directory: number];

/** Exactly what they write where nothing is told. */
const AS_WITHOUT: Partial<Readonly<Record<ScenarioName, Rows>>> = {
  register: [20, 1, 2],
  publish_100: [8, 2, 2],
  publish_100_onto_stock: [7, 2, 2],
  replace_100: [13, 2, 2],
  claim_with_key: [4, 0, 0],
  claim_without_key: [3, 0, 0],
  replay: [0, 0, 0],
  claim_of_two_clients: [6, 0, 0],
  claim_of_four_clients: [10, 0, 0],
  claim_in_vain: [2, 0, 0],
  idle_user_per_day: [0, 0, 0],
  idle_user_30_days: [0, 0, 0],
};

const WITH_AN_EVENT: Partial<Readonly<Record<ScenarioName, Rows>>> = {
  claim_below_watermark: [11, 2, 3],
  claim_of_the_last: [11, 2, 3],
  claim_last_resort: [8, 2, 0],
  claim_last_resort_without_key: [7, 2, 0],
};

it.each(Object.entries({ ...AS_WITHOUT, ...WITH_AN_EVENT }))(
  "%s writes exactly what it says here",
  async (name, rows) => {
    const counted = await measureScenario(lab, name as ScenarioName);
    expect([counted.poolRows, counted.alarms, counted.directoryRows]).toEqual(rows);
  },
);

it("a later event of the same user costs two rows", async () => {
  const pool = await stocked(0);
  await pool.claim();
  await pass(pool, 10);
  await pool.publish(keyPackages(1));
  await pass(pool, 10);
  await lab.watch(pool.user);
  lab.meter.take();
  await pool.claim();
  await pass(pool, 10);
  // Without a key, and without a last resort: six of them are those of the claim and of the news for the directory.
  expect(lab.meter.take()).toMatchObject({ poolRows: 8, alarms: 2 });
});

it("packages that are about to expire cost an alarm and five rows, two of which make the table", async () => {
  const pool = await stocked(10);
  const [{ nextExpiry = 0 } = {}] = await pool.inventory();
  await lab.watch(pool.user);
  lab.meter.take();
  await pass(pool, nextExpiry - Date.now() / 1000 - 10);
  expect(lab.meter.take()).toMatchObject({ poolRows: 5, alarms: 1 });
});
