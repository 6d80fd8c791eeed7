/** Running the directory on this machine: its port, its database, its Worker. */
import { once } from "node:events";
import { createServer } from "node:net";
import { runWrangler, type WranglerRun } from "./wrangler.ts";

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 100;

export type LocalDirectory = {
  readonly address: string;
  /** Resolves with the exit code when the Worker has ended, whoever ended it. */
  readonly ended: Promise<number | null>;
  /** Ends wrangler and the workerd that it started. */
  readonly stop: () => Promise<void>;
};

/** Whether something listens on the port of the loopback address. Rejects if the port cannot be tried. */
export async function isPortBusy(port: number): Promise<boolean> {
  const probe = createServer();
  probe.listen(port, "127.0.0.1");
  try {
    await once(probe, "listening");
    return false;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return true;
    throw error;
  } finally {
    probe.close();
  }
}

/** Brings the local database up to the newest migration. Throws with what wrangler printed if it cannot. */
export async function migrateLocal(stateDirectory: string, signal: AbortSignal): Promise<void> {
  const run = runWrangler(["d1", "migrations", "apply", "DB", "--local"], stateDirectory, signal);
  const code = await run.ended;
  signal.throwIfAborted();
  if (code !== 0) throw new Error(`the database could not be prepared:\n${run.printed()}`);
}

/** Starts the Worker and waits until it answers. Throws with its output if it does not. */
export async function startLocal(
  port: number,
  stateDirectory: string,
  variables: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<LocalDirectory> {
  const run = runWrangler(
    [
      "dev",
      ...["--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"],
      ...["--show-interactive-dev-session=false", "--log-level", "warn"],
      ...Object.entries(variables).flatMap(([name, value]) => ["--var", `${name}:${value}`]),
    ],
    stateDirectory,
    signal,
  );
  const address = `http://127.0.0.1:${port}`;
  try {
    await untilReady(address, run);
  } catch (error) {
    await run.stop();
    signal.throwIfAborted();
    throw new Error(`the directory did not start: ${String(error)}\n${run.printed()}`);
  }
  run.forwardOutput();
  return { address, ended: run.ended, stop: run.stop };
}

async function untilReady(address: string, run: WranglerRun): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (run.hasEnded()) throw new Error(`wrangler ended with code ${await run.ended}`);
    const response = await fetch(`${address}/healthz`).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`no answer within ${READY_TIMEOUT_MS / 1000} s`);
}
