/** A directory started as a user starts it, on a port and with a state of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
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

/** Starts tools/start.ts and waits for what it prints when it is ready. */
export async function startServer(state: string, settings: Readonly<Record<string, string>> = {}): Promise<Server> {
  const port = await freePort();
  const child = spawn("node", ["tools/start.ts"], {
    env: { ...process.env, ...settings, PORT: String(port), STATE_DIR: state },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  const ready = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        printed += text;
        if (printed.includes("MLS Key Directory at")) resolve();
      });
    }
    child.once("exit", (code) => reject(new Error(`start ended with code ${code}:\n${printed}`)));
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
      if (child.exitCode === null) await once(child, "exit");
    },
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      for (const pid of descendants(child.pid)) killNow(pid);
      await once(child, "exit");
    },
  };
}

/** Whether a process runs; a zombie, which has ended but was not yet reaped, does not. */
export function isAlive(pid: number): boolean {
  const status = readProc(`${pid}/stat`);
  return status !== undefined && status.slice(status.lastIndexOf(")") + 2, status.lastIndexOf(")") + 3) !== "Z";
}
