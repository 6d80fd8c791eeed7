/** Starting the directory on disk, and killing it as a power cut would. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { LOCAL_AUDIENCE, LOCAL_ISSUER, type LocalKey, localKey } from "../../tools/lib/local-tokens.ts";
import { descendants, killNow, readProc } from "../../tools/lib/process-tree.ts";
import type { Orders } from "./serve.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const READY_TIMEOUT_MS = 60_000;

/** Budgets would end the load after some claims, and what has expired to the second is part of the histories. */
const SETTINGS = { PAIR_BUDGET_BURST: "off", TARGET_BUDGET_PER_HOUR: "off", MIN_REMAINING_LIFETIME_SECONDS: "0" };

export type Installation = { readonly orders: Orders; readonly key: LocalKey; readonly address: string };

export type RunningServer = {
  /** SIGKILL to every process of the tree at once. */
  readonly kill: () => Promise<void>;
  /** The process id of workerd. */
  readonly workerd: () => number | undefined;
};

/** Bundles the Worker and prepares a folder for its state; nothing runs yet. */
export async function install(state: string, settings: Readonly<Record<string, string>> = {}): Promise<Installation> {
  const bundle = join(state, "worker.js");
  await build({
    entryPoints: [join(ROOT, "src/worker.ts")],
    outfile: bundle,
    bundle: true,
    format: "esm",
    target: "esnext",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    loader: { ".json": "json" },
    logLevel: "error",
  });
  const key = await localKey(join(state, "token-key.json"));
  const port = await freePort();
  const compatibilityDate = /compatibility_date = "([^"]+)"/.exec(
    readFileSync(join(ROOT, "wrangler.toml"), "utf8"),
  )?.[1];
  if (!compatibilityDate) throw new Error("wrangler.toml names no compatibility_date");
  return {
    key,
    address: `http://127.0.0.1:${port}`,
    orders: {
      port,
      state,
      bundle,
      schema: join(ROOT, "schema.sql"),
      compatibilityDate,
      variables: {
        AUTH_JWKS: key.jwks,
        AUTH_ISSUER: LOCAL_ISSUER,
        AUTH_AUDIENCE: LOCAL_AUDIENCE,
        ...SETTINGS,
        ...settings,
      },
    },
  };
}

/** Starts what was installed, on the state that the last one left, and waits until it answers. */
export async function start({ orders, address }: Installation): Promise<RunningServer> {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "serve.ts"), JSON.stringify(orders)],
    { stdio: ["ignore", "pipe", "pipe"], cwd: ROOT },
  );
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      printed = (printed + text).slice(-20_000);
    });
  }
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server ended by itself:\n${printed}`);
    if (Date.now() > deadline) throw new Error(`the server did not start:\n${printed}`);
    if (printed.includes("ready")) {
      const response = await fetch(`${address}/healthz`).catch(() => undefined);
      await response?.body?.cancel();
      if (response?.ok) break;
    }
    await new Promise((done) => setTimeout(done, 20));
  }
  return {
    kill: async () => {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
      for (const pid of descendants(child.pid)) killNow(pid);
      await ended;
    },
    workerd: () => descendants(child.pid).find((pid) => nameOf(pid) === "workerd"),
  };
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

const nameOf = (pid: number): string | undefined => readProc(`${pid}/comm`)?.trim();
