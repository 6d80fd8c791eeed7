/** A directory started as a user starts it, on a port and with a state of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../../tools/lib/ports.ts";
import { descendants, killNow, readProc } from "../../../tools/lib/process-tree.ts";
import { keptIssuer } from "../../../tools/lib/tokens.ts";

export { freePort };

export type Server = {
  readonly address: string;
  readonly port: number;
  readonly process: ChildProcess;
  readonly printed: () => string;
  /** A token for any user's client, signed by the key of the local start. */
  readonly token: (user: string, client: string, scope: string) => Promise<string>;
  /** As Ctrl-C does. Resolves when nothing of it is left. */
  readonly stop: () => Promise<void>;
  /** As a power cut does: every process of the tree, at once. */
  readonly kill: () => Promise<void>;
};

const START_ATTEMPTS = 5;
const POLL_MS = 50;

const START = ["node", "tools/start.ts"];

/** Starts tools/start.ts and waits for what it prints when it is ready. Chooses another port if its own was taken. */
export async function startServer(
  state: string,
  settings: Readonly<Record<string, string>> = {},
  command: readonly string[] = START,
): Promise<Server> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOn(await freePort(), state, settings, command);
    } catch (error) {
      if (attempt === START_ATTEMPTS || !/in use/i.test(String(error))) throw error;
    }
  }
}

async function startOn(
  port: number,
  state: string,
  settings: Readonly<Record<string, string>>,
  [program = "", ...args]: readonly string[],
): Promise<Server> {
  const child = spawn(program, args, {
    env: { ...process.env, ...settings, PORT: String(port), STATE_DIR: state },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  let printed = "";
  const ready = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        printed += text;
        if (printed.includes("MLS Key Directory at")) resolve();
      });
    }
    // At `close` all has been read that it printed, which tells why it ended.
    child.once("close", (code) => reject(new Error(`start ended with code ${code}:\n${printed}`)));
  });
  await ready;
  const issuer = await keptIssuer(join(state, "token-key.json"));
  return {
    address: `http://127.0.0.1:${port}`,
    port,
    process: child,
    printed: () => printed,
    token: issuer.token,
    stop: async () => {
      child.kill("SIGINT");
      await ended;
    },
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const tree = descendants(child.pid);
      for (const pid of tree) killNow(pid);
      await ended;
      // As long as one of them runs it holds the files of the state, which the next server opens.
      await untilEnded(tree);
    },
  };
}

/** Waits for what no event announces, however long the machine takes; the time-out of the test is the only bound. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

/** Waits until none of these processes runs. */
export const untilEnded = (pids: readonly number[]): Promise<void> => until(() => !pids.some(isAlive));

/**
 * Whether a process runs. A zombie, which has ended but was not yet reaped, does not, unless other threads of it are still
 * about to end: its first one is a zombie by then, and its ports are taken until the last one is gone.
 */
export function isAlive(pid: number): boolean {
  const status = readProc(`${pid}/stat`);
  if (status === undefined) return false;
  const isZombie = status.slice(status.lastIndexOf(")") + 2, status.lastIndexOf(")") + 3) === "Z";
  return !isZombie || threadsOf(pid) > 1;
}

function threadsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).length;
  } catch {
    return 0;
  }
}
