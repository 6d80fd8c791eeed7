/** The directory that is measured: in workerd, with an issuer of its own and a way to fill it. */

import { startWorker } from "../../tools/lib/local-worker.ts";
import { NO_BUDGETS } from "../../tools/lib/no-budgets.ts";
import { type Issuer, newIssuer } from "../../tools/lib/tokens.ts";
import { bundle, readDeployment } from "../../tools/lib/worker-deployment.ts";
import type { SeedRequest } from "../worker/bench-worker.ts";
import { endedWithTheRun } from "./ending.ts";
import type { LoadOrder } from "./load.ts";
import { timed } from "./rounds.ts";

/** Budgets would refuse what a bench asks for, and stock is lifted far above its cap. Everything else is as deployed. */
export const BENCH_SETTINGS = {
  ...NO_BUDGETS,
  REFUSAL_BUDGET_PER_MINUTE: "off",
  STOCK_CAP: "100000000",
};

export const CIPHERSUITE = 1;

export type Directory = {
  readonly port: number;
  /** Of the process above workerd. */
  readonly pid: number | undefined;
  readonly issuer: Issuer;
  /** A token that may claim. */
  readonly claimToken: string;
  readonly seed: (request: Pick<SeedRequest, "users" | "count"> & Partial<SeedRequest>) => Promise<void>;
  readonly seedD1: (request: Pick<SeedRequest, "users" | "count">) => Promise<void>;
  readonly stop: () => Promise<void>;
};

/**
 * `state`: a folder that outlives it; one of its own, removed at the end, if left out. `asDeployed`: what it stores is
 * found there by a Worker under the deployment's own name.
 */
export async function startDirectory({
  asDeployed = false,
  ...options
}: {
  readonly inspectorPort?: number;
  readonly state?: string;
  readonly asDeployed?: boolean;
} = {}): Promise<Directory> {
  const issuer = await newIssuer();
  const deployed = readDeployment();
  const worker = await startWorker({
    deployment: {
      ...deployed,
      name: asDeployed ? deployed.name : "bench",
      objects: { ...deployed.objects, LEAST: "LeastWrite", BARE: "Bare" },
    },
    script: bundle("bench/worker/bench-worker.ts"),
    variables: { ...issuer.settings, ...BENCH_SETTINGS },
    ...options,
  });
  const stop = endedWithTheRun(worker.stop);
  const post = async (path: string, body: object) => {
    const response = await fetch(worker.address + path, {
      method: "POST",
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    await response.body?.cancel();
  };
  try {
    await post("/bench/tables", {});
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    port: worker.port,
    pid: worker.pid,
    issuer,
    claimToken: await issuer.token("bob", "laptop", "key-packages:claim"),
    seed: (request) => post("/bench/seed", { ciphersuite: CIPHERSUITE, extensions: [], ...request }),
    seedD1: (request) => post("/bench/seed-d1", request),
    stop,
  };
}

const QUIET_ANSWER_MS = 5;
const QUIET_ANSWERS = 15;
const QUIET_PAUSE_MS = 100;
/** On a busy machine quiet never comes. Longer than this, and objects that are to be awake would be evicted. */
const QUIET_TIMEOUT_MS = 4_000;

/** Times that quiet was waited for, and waited for in vain. */
const waits = { all: 0, vain: 0 };

/**
 * Waits until the directory has done what claims leave for later: a second after a burst every pool that must tell D1
 * wakes, and all pools share one thread here. It must not weigh on what is measured next. Gives up after a while.
 */
export async function untilQuiet(port: number): Promise<void> {
  const deadline = performance.now() + QUIET_TIMEOUT_MS;
  let quiet = 0;
  while (quiet < QUIET_ANSWERS && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, QUIET_PAUSE_MS));
    const ms = await timed(async () => (await fetch(`http://127.0.0.1:${port}/bench/empty`)).arrayBuffer());
    quiet = ms < QUIET_ANSWER_MS ? quiet + 1 : 0;
  }
  waits.all += 1;
  if (quiet < QUIET_ANSWERS) waits.vain += 1;
}

/** What the report must say if the machine was too busy to become quiet. */
export const unquietNotes = (): string[] =>
  waits.vain === 0
    ? []
    : [
        `${waits.vain} of ${waits.all} bursts began before the server was quiet: it did not answer ${QUIET_ANSWERS} times ` +
          `in a row within ${QUIET_ANSWER_MS} ms. The machine was busy with something else.`,
      ];

/** What every claim of the bench asks for, wherever it is sent. */
export const claimOrder = (
  token: string,
  users: readonly string[],
): Pick<LoadOrder, "method" | "paths" | "headers" | "body" | "withKey" | "expect"> => ({
  method: "POST",
  paths: users.map((user) => `/v1/users/${user}/claims`),
  headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
  body: JSON.stringify({ ciphersuites: [CIPHERSUITE] }),
  withKey: true,
  expect: '"status":"claimed"',
});

/** Requests to a route of the bench itself, once for each user in turn. */
export const benchOrder = (route: string, users: readonly string[], expect: string): ReturnType<typeof claimOrder> => ({
  method: "POST",
  paths: users.map((user) => `/bench/${route}/${user}`),
  headers: {},
  body: "",
  withKey: false,
  expect,
});

export const userNames = (count: number): string[] => Array.from({ length: count }, (_, index) => `user-${index}`);
