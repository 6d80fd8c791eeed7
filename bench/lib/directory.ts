/** The directory that is measured: in workerd, with an issuer of its own and a way to fill it. */
import { bundle, readDeployment } from "../../tools/lib/deployment.ts";
import { startWorker } from "../../tools/lib/local-worker.ts";
import { type Issuer, newIssuer } from "../../tools/lib/tokens.ts";
import type { SeedRequest } from "../worker/directory.ts";
import type { LoadOrder } from "./load.ts";
import { timed } from "./rounds.ts";

/** Budgets would refuse what a bench asks for, and stock is lifted far above its cap. Everything else is as deployed. */
const SETTINGS = {
  PAIR_BUDGET_BURST: "off",
  TARGET_BUDGET_PER_HOUR: "off",
  REFUSAL_BUDGET_PER_MINUTE: "off",
  STOCK_CAP: "100000000",
};

export const CIPHERSUITE = 1;

export type Directory = {
  readonly port: number;
  readonly issuer: Issuer;
  /** A token that may claim. */
  readonly claimToken: string;
  readonly seed: (request: Pick<SeedRequest, "users" | "count"> & Partial<SeedRequest>) => Promise<void>;
  readonly seedD1: (request: Pick<SeedRequest, "users" | "count">) => Promise<void>;
  readonly stop: () => Promise<void>;
};

export type DirectoryOptions = {
  readonly inspectorPort?: number;
  /** A folder that outlives the directory; without one its storage goes with it. */
  readonly state?: string;
};

export async function startDirectory(options: DirectoryOptions = {}): Promise<Directory> {
  const issuer = await newIssuer();
  const deployed = readDeployment();
  const worker = await startWorker({
    deployment: { ...deployed, name: "bench", objects: { ...deployed.objects, LEAST: "LeastWrite" } },
    script: bundle("bench/worker/directory.ts"),
    variables: { ...issuer.settings, ...SETTINGS },
    ...options,
  });
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
    await worker.stop();
    throw error;
  }
  return {
    port: worker.port,
    issuer,
    claimToken: await issuer.token("bob", "laptop", "key-packages:claim"),
    seed: (request) => post("/bench/seed", { ciphersuite: CIPHERSUITE, extensions: [], ...request }),
    seedD1: (request) => post("/bench/seed-d1", request),
    stop: worker.stop,
  };
}

const QUIET_ANSWER_MS = 5;
const QUIET_ANSWERS = 15;
const QUIET_PAUSE_MS = 100;
const QUIET_TIMEOUT_MS = 30_000;

/**
 * Waits until the directory has done what claims leave for later: a second after a burst every pool that gave
 * something wakes to tell D1, and all pools share one thread here. It must not weigh on what is measured next.
 */
export async function untilQuiet(port: number): Promise<void> {
  const deadline = performance.now() + QUIET_TIMEOUT_MS;
  for (let quiet = 0; quiet < QUIET_ANSWERS && performance.now() < deadline; ) {
    await new Promise((resolve) => setTimeout(resolve, QUIET_PAUSE_MS));
    const ms = await timed(async () => (await fetch(`http://127.0.0.1:${port}/bench/empty`)).arrayBuffer());
    quiet = ms < QUIET_ANSWER_MS ? quiet + 1 : 0;
  }
}

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

export const userNames = (count: number): string[] => Array.from({ length: count }, (_, index) => `user-${index}`);
