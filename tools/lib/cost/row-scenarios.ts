/**
 * What each operation of a pool writes, the alarms that follow from it included. The scenarios run in a Worker: in the
 * tests, which hold the numbers, and in the one that `npm run cost` measures.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { AdmittedKeyPackage } from "../../../src/contract/admitted-key-package.ts";
import type { ClaimAnswer, ClaimCall } from "../../../src/contract/claim-messages.ts";
import { noteClaims, noteGiven, noteRefusal, sendActivity } from "../../../src/http/telemetry/activity-counts.ts";
import { rereadOrders } from "../../../src/http/upstream/standing-orders.ts";
import type { PoolPlacement, RecordsPlacement } from "../../../src/pool/address.ts";
import type { Pool } from "../../../src/pool/pool.ts";
import { unixSeconds } from "../../../src/shared/time.ts";
import { ED25519, syntheticKeyPackage } from "../synthetic-package.ts";
import { type Counted, minus, plus, type RowMeter } from "./row-meter.ts";

/** Where the scenarios run: pools that a meter watches, and a clock that only the scenarios move. */
export type Lab = {
  readonly meter: RowMeter;
  readonly pool: (user: string) => DurableObjectStub<Pool>;
  readonly records: {
    /** Of the object that keeps operators' records, which is nobody's pool: what it writes is no operation's. */
    readonly meter: RowMeter;
    /** Called before anything is counted. */
    readonly watch: () => Promise<void>;
    readonly env: PoolPlacement & RecordsPlacement;
  };
  /** Called once the pool of a user exists, before anything is counted. */
  readonly watch: (user: string) => Promise<void>;
  readonly alarmAtMs: (user: string) => Promise<number | null>;
  readonly ringIfDue: (user: string) => Promise<boolean>;
  readonly setClock: (atMs: number) => void;
};

const BATCH = 100;
const LOW_WATERMARK = 50;
const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 24 * HOUR_SECONDS;
/** What OpenMLS gives a package: 84 days. */
const LIFETIME_SECONDS = 84 * DAY_SECONDS;
/** Of batches whose end is looked at: longer than the journal keeps what was claimed. */
const SHORT_LIFETIME_SECONDS = 40 * DAY_SECONDS;
const MAX_ALARMS = 200;
/** Users whose rows in D1 are told apart from the pages that they lie on. */
const FOOTPRINT_USERS = 300;

export type ScenarioName = keyof typeof SCENARIOS;

export type Measured = Readonly<Record<ScenarioName, Counted>>;

export const scenarioNames = (): readonly ScenarioName[] => Object.keys(SCENARIOS) as ScenarioName[];

export async function measureRows(lab: Lab): Promise<Measured> {
  const entries: [ScenarioName, Counted][] = [];
  for (const name of scenarioNames()) entries.push([name, await measureScenario(lab, name)]);
  return Object.fromEntries(entries) as Measured;
}

export async function measureScenario(lab: Lab, name: ScenarioName): Promise<Counted> {
  return SCENARIOS[name](await newBench(lab), () => newBench(lab));
}

export type Footprint = {
  /** Of a pool's database, with one client: registered; with its first hundred packages; with a second hundred. */
  readonly poolRegistered: number;
  readonly poolWith100: number;
  readonly poolWith200: number;
  /** With a hundred claims with keys of the first hundred packages, all of which can still be repeated. */
  readonly poolWith100Claims: number;
  /** Of D1, for each client with packages of one suite. */
  readonly directoryPerClient: number;
};

/** Bytes that are stored. `poolBytes` and `directoryBytes` tell the sizes of the databases. */
export async function measureFootprint(
  lab: Lab,
  poolBytes: (user: string) => Promise<number>,
  directoryBytes: () => Promise<number>,
): Promise<Footprint> {
  const one = await newBench(lab);
  await one.prepared(() => one.register("phone"));
  const poolRegistered = await poolBytes(one.user);
  await one.prepared(() => one.publish(one.packages(BATCH)));
  const poolWith100 = await poolBytes(one.user);
  await one.prepared(() => one.publish(one.packages(BATCH)));
  const poolWith200 = await poolBytes(one.user);
  const claimed = await newBench(lab);
  await claimed.prepared(() => claimed.register("phone"));
  await claimed.prepared(() => claimed.publish(claimed.packages(BATCH)));
  await claimed.prepared(() => claimed.claimAll(BATCH, true));
  const before = await directoryBytes();
  for (let user = 0; user < FOOTPRINT_USERS; user++) {
    const bench = await newBench(lab);
    await bench.prepared(() => bench.register("phone"));
    await bench.prepared(() => bench.publish(bench.packages(1)));
  }
  return {
    poolRegistered,
    poolWith100,
    poolWith200,
    poolWith100Claims: await poolBytes(claimed.user),
    directoryPerClient: ((await directoryBytes()) - before) / FOOTPRINT_USERS,
  };
}

/** Each counts one thing on a fresh user. What it prepares is settled before the count begins. */
const SCENARIOS = {
  register: async (bench: Bench) => bench.counted(() => bench.register("phone")),

  publish_100: async (bench: Bench) => {
    await bench.prepared(() => bench.register("phone"));
    return bench.counted(() => bench.publish(bench.packages(BATCH)));
  },

  publish_100_onto_stock: async (bench: Bench) => {
    await bench.stocked(LOW_WATERMARK);
    return bench.counted(() => bench.publish(bench.packages(BATCH)));
  },

  replace_100: async (bench: Bench) => {
    await bench.stocked(BATCH);
    return bench.counted(() => bench.publish(bench.packages(BATCH), "replace"));
  },

  claim_with_key: async (bench: Bench) => {
    await bench.stocked(BATCH);
    return bench.counted(() => bench.claim({ key: "k", expect: "claimed" }));
  },

  claim_without_key: async (bench: Bench) => {
    await bench.stocked(BATCH);
    return bench.counted(() => bench.claim({ expect: "claimed" }));
  },

  claim_last_resort: async (bench: Bench) => {
    await bench.stocked(0);
    return bench.counted(() => bench.claim({ key: "k", expect: "last_resort" }));
  },

  claim_last_resort_without_key: async (bench: Bench) => {
    await bench.stocked(0);
    return bench.counted(() => bench.claim({ expect: "last_resort" }));
  },

  replay: async (bench: Bench) => {
    await bench.stocked(BATCH);
    await bench.prepared(() => bench.claim({ key: "k", expect: "claimed" }));
    return bench.counted(() => bench.claim({ key: "k", expect: "claimed" }));
  },

  /** The answer of the claim before can no longer be repeated, and loses its bytes. */
  claim_with_key_a_day_later: async (bench: Bench) => {
    await bench.stocked(BATCH);
    await bench.prepared(() => bench.claim({ key: "k", expect: "claimed" }));
    await bench.pass(DAY_SECONDS);
    // Its alarm looks at the clock.
    await bench.prepared(() => bench.publish(bench.packages(1)));
    await bench.pass(MINUTE_SECONDS);
    return bench.counted(() => bench.claim({ key: "later", expect: "claimed" }));
  },

  claim_of_two_clients: async (bench: Bench) => {
    await bench.stocked(BATCH);
    await bench.stocked(BATCH, LIFETIME_SECONDS, "tablet");
    return bench.counted(() => bench.claim({ key: "k", expect: "claimed" }));
  },

  claim_of_four_clients: async (bench: Bench) => {
    await bench.stocked(BATCH);
    for (const client of ["tablet", "laptop", "watch"]) await bench.stocked(BATCH, LIFETIME_SECONDS, client);
    return bench.counted(() => bench.claim({ key: "k", expect: "claimed" }));
  },

  claim_below_watermark: async (bench: Bench) => {
    await bench.stocked(LOW_WATERMARK);
    return bench.counted(() => bench.claim({ key: "k", expect: "claimed" }));
  },

  claim_of_the_last: async (bench: Bench) => {
    await bench.stocked(1);
    return bench.counted(() => bench.claim({ key: "k", expect: "claimed" }));
  },

  claim_in_vain: async (bench: Bench) => {
    await bench.prepared(() => bench.register("phone"));
    return bench.counted(() => bench.claim({ key: "k", expect: "exhausted" }));
  },

  /** Of a batch that nobody claimed from. */
  cleanup_100: async (bench: Bench, another: () => Promise<Bench>) => {
    await bench.stocked(BATCH, SHORT_LIFETIME_SECONDS);
    return minus(await endOf(bench), await endWithout(await another()));
  },

  /** Of a batch that was claimed to the last package without keys; what was claimed is in the journal until then. */
  cleanup_100_claimed: async (bench: Bench, another: () => Promise<Bench>) => {
    await bench.stocked(BATCH, SHORT_LIFETIME_SECONDS);
    await bench.prepared(() => bench.claimAll(BATCH, false));
    return minus(await endOf(bench), await endWithout(await another()));
  },

  /** The same, claimed with keys. */
  cleanup_100_claimed_with_keys: async (bench: Bench, another: () => Promise<Bench>) => {
    await bench.stocked(BATCH, SHORT_LIFETIME_SECONDS);
    await bench.prepared(() => bench.claimAll(BATCH, true));
    return minus(await endOf(bench), await endWithout(await another()));
  },

  idle_user_per_day: async (bench: Bench) => {
    await bench.stocked(BATCH);
    return bench.counted(() => bench.pass(DAY_SECONDS));
  },

  idle_user_30_days: async (bench: Bench) => {
    await bench.stocked(BATCH);
    return bench.counted(() => bench.pass(30 * DAY_SECONDS));
  },

  /** What an isolate tells the object that keeps operators' records, and asks of it, in a minute in which it serves. */
  isolate_minute: async (bench: Bench) => {
    await bench.isolateMinute();
    return bench.isolateMinute();
  },
};

type Bench = Awaited<ReturnType<typeof newBench>>;

/** Until the last resort of the client, which outlives its batch, has ended too: what is over is deleted along with it. */
const endOf = (bench: Bench): Promise<Counted> => bench.counted(() => bench.pass(LIFETIME_SECONDS));

/** The same of a client that has nothing but a last resort. */
async function endWithout(bench: Bench): Promise<Counted> {
  await bench.stocked(0);
  return endOf(bench);
}

let users = 0;

async function newBench({ meter, pool, records, watch, alarmAtMs, ringIfDue, setClock }: Lab) {
  users += 1;
  const user = `counted-${users}-${crypto.randomUUID()}`;
  const base = { user, restoreEpoch: 0 };
  let claims = 0;
  await watch(user);

  const now = () => unixSeconds(Date.now());

  /** Lets time pass, and each alarm ring when it is due. */
  const pass = async (seconds: number) => {
    const untilMs = Date.now() + seconds * 1000;
    for (let rung = 0; ; rung++) {
      if (rung === MAX_ALARMS) throw new Error(`${user}: ${rung} alarms in ${seconds} s`);
      const atMs = await alarmAtMs(user);
      if (atMs === null || atMs > untilMs) break;
      setClock(Math.max(atMs, Date.now()));
      await ringIfDue(user);
    }
    setClock(untilMs);
  };

  /** What was counted during the work and the hour after it, in which its alarms ring. */
  const counted = async (work: () => Promise<unknown>): Promise<Counted> => {
    meter.take();
    await work();
    const atOnce = meter.take();
    await pass(HOUR_SECONDS);
    return plus(atOnce, meter.take());
  };

  const prepared = async (work: () => Promise<unknown>): Promise<void> => {
    await counted(work);
  };

  const register = async (client: string) => {
    const answer = await pool(user).register({
      ...base,
      client,
      signatureKeys: [{ scheme: ED25519, publicKey: signatureKeyOf(client) }],
    });
    if (answer.outcome !== "created") throw new Error(`registering: ${answer.outcome}`);
  };

  const packages = (count: number, lifetimeSeconds = LIFETIME_SECONDS, lastResort = false) =>
    Array.from({ length: count }, () =>
      syntheticKeyPackage(signatureKeyOf("phone"), { now: now(), lifetimeSeconds, lastResort }),
    );

  const publish = async (
    keyPackages: readonly AdmittedKeyPackage[],
    mode: "add" | "replace" = "add",
    client = "phone",
  ) => {
    const signed = keyPackages.map((one) => ({ ...one, signatureKey: signatureKeyOf(client) }));
    const answer = await pool(user).publish({ ...base, client, mode, keyPackages: signed, refused: 0 });
    if (answer.outcome !== "published" || !answer.codes.every((code) => code === "stored")) {
      throw new Error(`publishing: ${JSON.stringify(answer)}`);
    }
  };

  /** A registered client with a last resort and one upload of so many packages, an hour later. */
  const stocked = async (count: number, lifetimeSeconds = LIFETIME_SECONDS, client = "phone") => {
    await prepared(() => register(client));
    await prepared(() => publish(packages(1, LIFETIME_SECONDS, true), "add", client));
    if (count > 0) await prepared(() => publish(packages(count, lifetimeSeconds), "add", client));
  };

  /** Each claim is a claimer's first. */
  const claim = async ({ key, expect }: { readonly key?: string; readonly expect: string }) => {
    if (key === undefined || key !== "k") claims += 1;
    const call: ClaimCall = {
      ...base,
      claimer: { user: `claimer-${claims}`, client: "phone" },
      criteria: ANYTHING,
      idempotency: key === undefined ? undefined : { key, bodyHash: new Uint8Array(32) },
    };
    const answer: ClaimAnswer = await pool(user).claim(call);
    const statuses = answer.outcome === "answered" ? answer.clients.map(({ status }) => status) : [answer.outcome];
    if (statuses.length === 0 || !statuses.every((status) => status === expect)) {
      throw new Error(`claiming: expected ${expect}, got ${statuses}`);
    }
  };

  /** One claim in two minutes: within the budget of the target. */
  const claimAll = async (count: number, withKeys: boolean) => {
    for (let index = 0; index < count; index++) {
      await claim({ ...(withKeys ? { key: `key-${index}` } : {}), expect: "claimed" });
      await pass(2 * MINUTE_SECONDS);
    }
  };

  const isolateMinute = async (): Promise<Counted> => {
    await records.watch();
    // Later than it last told, whatever that was about.
    await pass(MINUTE_SECONDS);
    noteClaims("claimer", [user]);
    noteGiven([{ client: "phone", status: "exhausted" }]);
    noteRefusal("claimer", "unknown_user");
    records.meter.take();
    const told: Promise<unknown>[] = [];
    sendActivity(records.env, Date.now(), (work) => told.push(work));
    if (told.length !== 1) throw new Error(`an isolate made ${told.length} calls`);
    await Promise.all([...told, rereadOrders(records.env)]);
    return records.meter.take();
  };

  return { user, isolateMinute, register, packages, publish, stocked, claim, claimAll, pass, prepared, counted };
}

/** Each client has a key of its own. */
const signatureKeyOf = (client: string): Uint8Array => sha256(utf8ToBytes(client));

const ANYTHING: ClaimCall["criteria"] = {
  ciphersuites: [1],
  requiredCapabilities: { extensions: [], proposals: [], credentials: [] },
  excludeClients: [],
  minRemainingLifetimeSeconds: HOUR_SECONDS,
  allowLastResort: true,
};
