/**
 * `npm run simulate [-- --seed N] [--users N]`: the peak hour of ten million users against the documented limits of the
 * platform, in simulated time. Prints how long the queues are at D1, for one, three and ten databases, and at pools that
 * everybody wants. The same seed gives the same tables. docs/scale.md explains them.
 */
import { parseArgs } from "node:util";
import { natural, readOptions } from "./lib/args.ts";
import { countsOf, HABITS, peakPerSecond } from "./lib/cost/month.ts";
import { LIMITS } from "./lib/cost/prices.ts";
import { type Random, seededRandom } from "./lib/random.ts";
import { type PoolScenario, simulatePools } from "./lib/simulation/pools.ts";
import { type DirectoryScenario, type Outage, simulateDirectory } from "./lib/simulation/simulated-directory.ts";
import { table } from "./lib/table.ts";

const USAGE = "npm run simulate [-- --seed N] [--users N]";
const MINUTE_MS = 60_000;
const DAY_SECONDS = 24 * 3_600;
const DIRECTORY_MINUTES = 8;
const POOL_MINUTES = 3;
const DATABASES = [1, 3, 10];
const SLOW_AND_FAST = LIMITS.poolWritesPerSecond;

const { seed, users } = readOptions(USAGE, () => {
  const { values } = parseArgs({
    options: { seed: { type: "string", default: "1" }, users: { type: "string", default: "10000000" } },
  });
  return { seed: natural("--seed", values.seed), users: Math.max(1, natural("--users", values.users)) };
});

const devices = users * HABITS.devicesPerUser;
const counts = countsOf(devices);
const peakWrites = peakPerSecond(counts.directoryWrites);
/** Every active device puts new packages in place of its old ones within a day: a new version of the app wants it. */
const rolloutWrites = (devices * (1 - HABITS.idleShare) * HABITS.peakFactor) / DAY_SECONDS;

/** Half of a write always takes, half varies: on average what prices.ts takes a write for. */
const writeMs = ({ fraction }: Random): number => (LIMITS.directoryWriteMs / 2) * (1 - Math.log(1 - fraction()));

const OUTAGE: Outage = { kind: "errors", fromMs: MINUTE_MS, forMs: 2 * MINUTE_MS };
/** D1 has been seen to stand still for so long without an error. */
const STALL: Outage = { kind: "stall", fromMs: MINUTE_MS, forMs: MINUTE_MS };

type DirectoryPlan = Pick<DirectoryScenario, "perSecond" | "outage" | "retryMinMs"> & {
  readonly databases?: readonly number[];
};

const DIRECTORY: Readonly<Record<string, DirectoryPlan>> = {
  "busiest hour": { perSecond: peakWrites },
  "… D1 stands still for 1 min": { perSecond: peakWrites, outage: STALL },
  "… and pools wait 1 s first": { perSecond: peakWrites, outage: STALL, retryMinMs: 1_000 },
  "… D1 fails for 2 min": { perSecond: peakWrites, outage: OUTAGE },
  "all replace in a day": { perSecond: peakWrites + rolloutWrites },
  // One database is overwhelmed by it without an outage.
  "… D1 fails for 2 min ": { perSecond: peakWrites + rolloutWrites, outage: OUTAGE, databases: [3, 10] },
};

const POOLS: Readonly<Record<string, Pick<PoolScenario, "users" | "perSecond"> & { readonly forMs?: number }>> = {
  "all users, busiest hour": { users, perSecond: peakPerSecond(counts.claims) },
  "a group of 300: each claims each in a minute": { users: 300, perSecond: 90_000 / 60, forMs: MINUTE_MS },
  "one user, 18,000 in 3 minutes": { users: 1, perSecond: 100 },
  "one user, 45,000 in 3 minutes": { users: 1, perSecond: 250 },
  "one user, 90,000 in 3 minutes": { users: 1, perSecond: 500 },
  "one user, 60,000 in 1 minute": { users: 1, perSecond: 1_000, forMs: MINUTE_MS },
};

console.log(
  [
    `Seed ${seed}, ${users.toLocaleString("en")} users with ${devices.toLocaleString("en")} devices.`,
    `## D1: ${DIRECTORY_MINUTES} minutes, ${LIMITS.directoryWriteMs} ms a write on average\n\n${directoryTable()}`,
    `## Pools: ${POOL_MINUTES} minutes, ${SLOW_AND_FAST.join(" or ")} calls a second\n\n${poolTable()}`,
  ].join("\n\n"),
);

function directoryTable(): string {
  const rows = Object.entries(DIRECTORY).flatMap(([name, { databases: some = DATABASES, ...scenario }]) =>
    some.map((databases) => {
      const figures = simulateDirectory({
        ...scenario,
        users,
        databases,
        writeMs,
        random: seededRandom(seed),
        endMs: DIRECTORY_MINUTES * MINUTE_MS,
      });
      const { worst, delayMs } = figures;
      return [
        name.trim(),
        databases,
        scenario.perSecond.toFixed(0),
        percent(worst.busy),
        ...[worst.length.p50, worst.length.p99, worst.length.max],
        seconds(delayMs.p50),
        seconds(delayMs.p99),
        figures.pendingMax,
        figures.pendingAtEnd,
        percent(figures.lateShare),
      ];
    }),
  );
  return table(
    [
      "",
      "databases",
      "changes/s",
      "busy",
      "queue p50",
      "p99",
      "max",
      "delay p50, s",
      "p99, s",
      "users pending, max",
      "at the end",
      "done in vain",
    ],
    rows,
  );
}

function poolTable(): string {
  const rows = Object.entries(POOLS).flatMap(([name, { forMs, ...scenario }]) =>
    SLOW_AND_FAST.map((callsPerSecond) => {
      const { claims, length, busy, answeredMs, unansweredShare } = simulatePools({
        ...scenario,
        ...(forMs === undefined ? {} : { arrivalsEndMs: forMs }),
        callsPerSecond,
        random: seededRandom(seed),
        endMs: POOL_MINUTES * MINUTE_MS,
      });
      return [
        name,
        callsPerSecond,
        claims,
        percent(busy),
        ...[length.p50, length.p99, length.max],
        seconds(answeredMs.p50),
        seconds(answeredMs.p99),
        percent(unansweredShare),
      ];
    }),
  );
  return table(
    ["", "calls/s", "claims", "busy", "queue p50", "p99", "max", "answer p50, s", "p99, s", "unanswered"],
    rows,
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
