/** Running the directory on this machine: wrangler, its database, and the end of both. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 100;
const END_TIMEOUT_MS = 5_000;

const QUIET = {
  ...process.env,
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  // The machine may be offline; nothing here needs the account or the network.
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  CI: "true",
};

export type LocalDirectory = {
  readonly address: string;
  /** Resolves with the exit code if wrangler ends by itself. */
  readonly ended: Promise<number | null>;
  /** Ends wrangler and the workerd that it started. */
  readonly stop: () => Promise<void>;
};

/** Whether something listens on the port of the loopback address. */
export async function isPortBusy(port: number): Promise<boolean> {
  const probe = createServer();
  probe.listen(port, "127.0.0.1");
  try {
    await once(probe, "listening");
    return false;
  } catch {
    return true;
  } finally {
    probe.close();
  }
}

/** Brings the local database up to the newest migration. Throws with what wrangler printed if it cannot. */
export function migrateLocal(stateDirectory: string): void {
  const { status, stdout, stderr } = spawnSync(
    "wrangler",
    ["d1", "migrations", "apply", "DB", "--local", "--persist-to", stateDirectory],
    { env: QUIET, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`the database could not be prepared:\n${stdout}${stderr}`);
}

/** Starts the Worker and waits until it answers. Throws with its output if it does not. */
export async function startLocal(
  port: number,
  stateDirectory: string,
  variables: Readonly<Record<string, string>>,
): Promise<LocalDirectory> {
  const output: string[] = [];
  const child = spawn(
    "wrangler",
    [
      "dev",
      ...["--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"],
      ...["--persist-to", stateDirectory, "--show-interactive-dev-session=false", "--log-level", "warn"],
      ...Object.entries(variables).flatMap(([name, value]) => ["--var", `${name}:${value}`]),
    ],
    // A process group of its own, so that one signal ends wrangler and everything below it.
    { env: QUIET, stdio: ["ignore", "pipe", "pipe"], detached: true },
  );
  let ready = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      if (ready) process.stderr.write(text);
      else output.push(text);
    });
  }
  const ended = once(child, "exit").then(([code]) => code as number | null);
  const stop = () => endGroup(child, ended);
  const address = `http://127.0.0.1:${port}`;
  try {
    await untilReady(address, child);
  } catch (error) {
    await stop();
    throw new Error(`the directory did not start: ${String(error)}\n${output.join("")}`);
  }
  ready = true;
  return { address, ended, stop };
}

async function untilReady(address: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`wrangler ended with code ${child.exitCode}`);
    const response = await fetch(`${address}/healthz`).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`no answer within ${READY_TIMEOUT_MS / 1000} s`);
}

async function endGroup(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  signalGroup(child, "SIGTERM");
  const timer = setTimeout(() => signalGroup(child, "SIGKILL"), END_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
  // wrangler may be gone before its workerd is.
  signalGroup(child, "SIGKILL");
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Nobody of the group is left.
  }
}
