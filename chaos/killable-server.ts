/** Starting the directory on disk, and killing it as a power cut would. */

import { join } from "node:path";
import { startWorker, type WorkerOptions } from "../tools/lib/local-worker.ts";
import { NO_BUDGETS } from "../tools/lib/no-budgets.ts";
import { freePort } from "../tools/lib/ports.ts";
import { descendants, readProc } from "../tools/lib/process-tree.ts";
import { type Issuer, keptIssuer } from "../tools/lib/tokens.ts";
import { bundle, readDeployment } from "../tools/lib/worker-deployment.ts";

/** Budgets would end the load after some claims, and what has expired to the second is part of the histories. */
const SETTINGS = { ...NO_BUDGETS, MIN_REMAINING_LIFETIME_SECONDS: "0" };

export type Installation = { readonly worker: WorkerOptions; readonly issuer: Issuer; readonly address: string };

export type RunningServer = {
  /** SIGKILL to every process of it at once. */
  readonly kill: () => Promise<void>;
  /** The process id of workerd. */
  readonly workerd: () => number | undefined;
};

type InstallOptions = {
  readonly settings?: Readonly<Record<string, string>>;
  /** The entry of the build; the plain one if left out. */
  readonly entry?: "src/worker.ts" | "src/worker-full.ts";
};

/** Bundles the Worker and prepares a folder for its state; nothing runs yet. */
export async function install(
  state: string,
  { settings = {}, entry = "src/worker.ts" }: InstallOptions = {},
): Promise<Installation> {
  const issuer = await keptIssuer(join(state, "token-key.json"));
  const port = await freePort();
  return {
    issuer,
    address: `http://127.0.0.1:${port}`,
    worker: {
      deployment: readDeployment(),
      script: bundle(entry),
      variables: { ...issuer.settings, ...SETTINGS, ...settings },
      state,
      port,
    },
  };
}

/** Starts what was installed, on the state that the last one left, and waits until it answers. */
export async function start({ worker, address }: Installation): Promise<RunningServer> {
  const { kill, pid } = await startWorker(worker);
  const response = await fetch(`${address}/healthz`);
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the server is not healthy: ${response.status}`);
  return { kill, workerd: () => descendants(pid).find((one) => readProc(`${one}/comm`)?.trim() === "workerd") };
}
