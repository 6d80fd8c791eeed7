/**
 * A Worker in workerd on loopback, its storage on disk, its socket without a proxy in front: for `npm start`, bench and
 * chaos. It runs below a process of its own (serve-worker.ts), in a process group of its own. Whichever of the two
 * processes is killed, the other ends what is left.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withTimeout } from "../../src/shared/with-timeout.ts";
import type { Orders, Reply } from "./serve-worker.ts";
import { bundle, type Deployment } from "./worker-deployment.ts";

const READY_TIMEOUT_MS = 60_000;
/** How long an orderly end may take. */
const END_TIMEOUT_MS = 5_000;
const KEPT_OUTPUT_CHARACTERS = 20_000;

export type WorkerOptions = {
  readonly deployment: Deployment;
  /** One ES module. */
  readonly script: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Folder of the storage; one in the temporary folder, removed at the end, if left out. */
  readonly state?: string;
  /** Folder of the web pages; none if left out. */
  readonly pages?: string;
  /** Loopback if left out. */
  readonly host?: string;
  /** Any free one if left out. */
  readonly port?: number;
  readonly inspectorPort?: number;
  /** What of the Worker's log goes to stderr: warnings and errors, all of it, or those of a start that failed alone. */
  readonly showLogs?: boolean | "all";
};

export type LocalWorker = {
  readonly port: number;
  readonly address: string;
  readonly pid: number | undefined;
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends it in order. May be called more than once. */
  readonly stop: () => Promise<void>;
  /** As a power cut does: SIGKILL to all of its processes at once. */
  readonly kill: () => Promise<void>;
};

/** Starts the Worker and waits until workerd listens. Throws with what was printed if it does not; nothing is left then. */
export async function startWorker(options: WorkerOptions, signal?: AbortSignal): Promise<LocalWorker> {
  signal?.throwIfAborted();
  const state = options.state ?? mkdtempSync(join(tmpdir(), "kpd-worker-"));
  mkdirSync(state, { recursive: true });
  const child = fork(join(import.meta.dirname, "serve-worker.ts"), [], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const ended = once(child, "exit").then(() => {
    // workerd, if the process above it was killed.
    signalGroup(child, "SIGKILL");
    if (options.state === undefined) rmSync(state, { recursive: true, force: true });
  });
  const stop = async () => {
    // It ends when the channel closes, so this is the same as the death of this process.
    if (child.connected) child.disconnect();
    const timer = setTimeout(() => signalGroup(child, "SIGKILL"), END_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  };
  const kill = async () => {
    signalGroup(child, "SIGKILL");
    await ended;
  };
  signal?.addEventListener("abort", () => void stop(), { once: true });
  const output = collectOutput(child);
  try {
    child.send({ ...options, state, migrator: bundle("tools/lib/migrate-worker.ts") } satisfies Orders);
    const port = await listening(child);
    output.forward();
    return { port, address: `http://127.0.0.1:${port}`, pid: child.pid, ended, stop, kill };
  } catch (error) {
    await kill();
    signal?.throwIfAborted();
    throw new Error(`${error instanceof Error ? error.message : String(error)}${output.printed()}`);
  }
}

async function listening(child: ChildProcess): Promise<number> {
  const over = new AbortController();
  const reply = once(child, "message", { signal: over.signal }).then(([message]) => message as Reply);
  const exit = once(child, "exit", { signal: over.signal }).then((): Reply => ({ failure: "it ended by itself" }));
  const late = () => new Error(`it did not listen within ${READY_TIMEOUT_MS / 1000} s`);
  try {
    const first = await withTimeout(READY_TIMEOUT_MS, Promise.race([reply, exit]), late);
    if ("failure" in first) throw new Error(first.failure);
    return first.port;
  } finally {
    over.abort();
  }
}

/** What it printed, for the message of a start that failed; from `forward` on it goes to stderr. */
function collectOutput(child: ChildProcess) {
  let printed = "";
  let forwarding = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      if (forwarding) process.stderr.write(text);
      else printed = (printed + text).slice(-KEPT_OUTPUT_CHARACTERS);
    });
  }
  return {
    printed: () => (printed === "" ? "" : `\n${printed}`),
    forward: () => {
      forwarding = true;
    },
  };
}

function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // Nothing of the group is left.
  }
}
