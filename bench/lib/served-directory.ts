/** `npm run serve` as somebody who hosts it runs it: a process of its own, its log in a file. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join, resolve } from "node:path";
import { freePort } from "../../tools/lib/ports.ts";
import { endedWithTheRun } from "./ending.ts";

const ROOT = resolve(import.meta.dirname, "../..");

export type SelfHosted = { readonly port: number; readonly stop: () => Promise<void> };

/** Serves what the state folder holds. Resolves when it says that it serves. */
export async function serveSelfHosted(state: string, settings: Readonly<Record<string, string>>): Promise<SelfHosted> {
  const port = await freePort();
  const log = openSync(join(state, "log"), "a");
  const child = spawn("node", ["tools/serve.ts"], {
    cwd: ROOT,
    env: { ...process.env, ...settings, PORT: String(port), STATE_DIR: state },
    stdio: ["ignore", "pipe", log],
  });
  closeSync(log);
  const stop = endedWithTheRun(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  });
  await new Promise<void>((serving, failed) => {
    let said = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes("MLS Key Directory on")) serving();
    });
    child.once("exit", (code) => failed(new Error(`npm run serve ended with ${code}; its log is ${state}/log`)));
  });
  return { port, stop };
}
