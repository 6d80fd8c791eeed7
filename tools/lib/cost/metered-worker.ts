/**
 * The Worker as deployed, with pools that count what they do, and under /cost the routes that ask for the counts. One
 * script and one isolate, so one meter for all pools.
 */
import { poolFor } from "../../../src/pool/address.ts";
import { OperatorRecords } from "../../../src/pool/operator-records.ts";
import { Pool } from "../../../src/pool/pool.ts";
import directory from "../../../src/worker.ts";
import { type Counted, RowMeter, ringIfDue } from "./row-meter.ts";
import { type Footprint, type Lab, type Measured, measureFootprint, measureRows } from "./row-scenarios.ts";

export { RestoreEpochKeeper } from "../../../src/pool/restore-epoch-keeper.ts";

/** What was done since the last time it was asked for. */
export type Totals = Counted & {
  /** Calls of pools' methods, each billed as a request to a Durable Object. */
  readonly poolCalls: number;
  /** Alarms that rang, billed alike. */
  readonly alarmsRung: number;
};

export type Scenarios = { readonly rows: Measured; readonly bytes: Footprint };

/** The directory's database under its usual name. */
type PoolEnv = { readonly DB: D1Database };

type CostEnv = { readonly POOL: DurableObjectNamespace<MeteredPool> } & Omit<
  Parameters<typeof directory.fetch>[1] & object,
  "POOL"
> &
  PoolEnv;

const meter = new RowMeter();
/** Isolates tell their counts beside whatever request comes next: that is none of this request's rows. */
const recordsMeter = new RowMeter();
const calls = { poolCalls: 0, alarmsRung: 0 };

/** The scenarios' clock is far ahead of the platform's, so that no alarm rings by itself. */
const SCENARIOS_FROM_MS = Date.UTC(2040, 0, 1);
const platformNow = Date.now.bind(Date);
let clockMs: number | undefined;
Date.now = () => clockMs ?? platformNow();

class MeteredPool extends Pool {
  constructor(ctx: DurableObjectState, env: PoolEnv) {
    meter.watchStorage(ctx.storage);
    meter.watchDatabases(env);
    super(ctx, env);
  }

  alarmAtMs(): Promise<number | null> {
    return this.ctx.storage.getAlarm();
  }

  ringIfDue(): Promise<boolean> {
    return ringIfDue(this, this.ctx.storage);
  }

  databaseBytes(): number {
    return this.ctx.storage.sql.databaseSize;
  }
}

for (const name of Object.getOwnPropertyNames(Pool.prototype)) {
  if (name === "constructor") continue;
  const method = Reflect.get(Pool.prototype, name) as (...args: unknown[]) => unknown;
  Reflect.set(MeteredPool.prototype, name, function (this: Pool, ...args: unknown[]): unknown {
    calls[name === "alarm" ? "alarmsRung" : "poolCalls"] += 1;
    return method.apply(this, args);
  });
}

class MeteredRecords extends OperatorRecords {
  constructor(ctx: DurableObjectState, env: object) {
    recordsMeter.watchStorage(ctx.storage);
    super(ctx, env);
  }
}

// The bindings' classes have the names that they have in the deployed Worker.
export { MeteredPool as Pool, MeteredRecords as OperatorRecords };

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith("/cost/")) return directory.fetch(request, env as never, ctx);
    if (pathname === "/cost/scenarios") return Response.json(await runScenarios(env));
    if (pathname === "/cost/totals") return Response.json(takeTotals());
    return new Response("no such route", { status: 404 });
  },
} satisfies ExportedHandler<CostEnv>;

const poolOf = (env: CostEnv, user: string) => poolFor(env as never, user) as unknown as DurableObjectStub<MeteredPool>;

async function runScenarios(env: CostEnv): Promise<Scenarios> {
  clockMs = SCENARIOS_FROM_MS;
  const lab: Lab = {
    meter,
    pool: (user) => poolOf(env, user) as unknown as DurableObjectStub<Pool>,
    records: { meter: recordsMeter, watch: async () => undefined, env: env as never },
    // Objects are watched from their constructors on.
    watch: async () => undefined,
    alarmAtMs: async (user) => poolOf(env, user).alarmAtMs(),
    ringIfDue: async (user) => poolOf(env, user).ringIfDue(),
    setClock: (atMs) => {
      clockMs = atMs;
    },
  };
  try {
    const rows = await measureRows(lab);
    const bytes = await measureFootprint(
      lab,
      async (user) => poolOf(env, user).databaseBytes(),
      () => directoryBytes(env),
    );
    return { rows, bytes };
  } finally {
    clockMs = undefined;
  }
}

function takeTotals(): Totals {
  const totals = { ...meter.take(), ...calls };
  calls.poolCalls = 0;
  calls.alarmsRung = 0;
  return totals;
}

/** Of all databases together. */
async function directoryBytes(env: CostEnv): Promise<number> {
  const databases = Object.values(env).filter(RowMeter.isDatabase);
  const metas = await Promise.all(databases.map(async (database) => (await database.prepare("SELECT 1").run()).meta));
  return metas.reduce((sum, { size_after: bytes }) => sum + bytes, 0);
}
