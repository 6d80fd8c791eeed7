/** Where the scenarios of tools/lib/cost/row-scenarios.ts run in a test: pools that a meter watches, and its clock. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { poolFor, recordsOf } from "../../../src/pool/address.ts";
import { RowMeter, ringIfDue } from "../../../tools/lib/cost/row-meter.ts";
import type { Lab } from "../../../tools/lib/cost/row-scenarios.ts";

const meter = new RowMeter();
const recordsMeter = new RowMeter();
export const pool = (user: string) => poolFor(env, user);

export const lab: Lab = {
  meter,
  pool,
  records: {
    meter: recordsMeter,
    watch: () => runInDurableObject(recordsOf(env), (_, state) => recordsMeter.watchStorage(state.storage)),
    env,
  },
  watch: (user) =>
    runInDurableObject(pool(user), (instance, state) => {
      meter.watchStorage(state.storage);
      meter.watchDatabases((instance as unknown as { env: object }).env);
    }),
  alarmAtMs: (user) => runInDurableObject(pool(user), (_, state) => state.storage.getAlarm()),
  ringIfDue: (user) => runInDurableObject(pool(user), (instance, state) => ringIfDue(instance, state.storage)),
  setClock: (atMs) => {
    vi.setSystemTime(atMs);
  },
};
