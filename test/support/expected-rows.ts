/**
 * What each operation writes: test/workers/budgets/rows.test.ts counts it, and test/node/docs/scale-page.test.ts holds the
 * table of docs/scale.md equal to it.
 */
import type { ScenarioName } from "../../tools/lib/cost/row-scenarios.ts";

type Expected = {
  /** Rows of the object, alarms set or deleted, rows of D1. */
  readonly rows: readonly [object: number, alarms: number, directory: number];
  readonly atMost?: number;
  /** The bound is not kept yet. When it is, the test fails until this goes. */
  readonly isAboveBound?: true;
};

export const EXPECTED_ROWS: Readonly<Record<ScenarioName, Expected>> = {
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
  isolate_minute: { rows: [3, 0, 0], atMost: 3 },
};
