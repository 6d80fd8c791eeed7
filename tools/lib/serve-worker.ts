/**
 * The process above workerd. Takes its orders in one message, answers with the port, and ends when the process that
 * started it closes the channel or dies. It leads a process group, which ends as a whole: with this process, and with
 * workerd, whichever of the two is killed.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { lockFolder } from "./folder-lock.ts";
import type { WorkerOptions } from "./local-worker.ts";
import { miniflareWorker } from "./miniflare-worker.ts";

export type Orders = WorkerOptions & {
  readonly state: string;
  /** The script of migrate-worker.ts. */
  readonly migrator: string;
};

export type Reply = { readonly port: number } | { readonly failure: string };

/** An end that takes longer is no end in order; what is under way may take as long of it as this. */
const END_TIMEOUT_MS = 4_000;
const DRAIN_TIMEOUT_MS = 3_000;
/** Longer than an end takes: the one before may still be writing. */
const STORAGE_WAIT_MS = END_TIMEOUT_MS + 2_000;
const MIGRATOR = "migrator";

let server: Miniflare | undefined;
let isReady = false;
let isEnding = false;
/** Those that run, each with its end. */
const workerds = new Map<ChildProcess, Promise<unknown>>();

endGroupWithThisProcess();
endGroupWithWorkerd();
process.once("disconnect", () => {
  setTimeout(killGroup, END_TIMEOUT_MS).unref();
  end().then(killGroup, killGroup);
});
process.once("message", (orders: Orders) => {
  serve(orders).then(tell, (cause: unknown) =>
    tell({ failure: cause instanceof Error ? cause.message : String(cause) }),
  );
});

async function serve(orders: Orders): Promise<Reply> {
  if (!lockFolder(orders.state, STORAGE_WAIT_MS)) throw new Error(`${orders.state} is in use by another directory`);
  process.env.TMPDIR = emptyFolder(join(orders.state, "tmp"));
  const { name, databases } = orders.deployment;
  server = new Miniflare(
    convertV4MiniflareOptions({
      workers: [miniflareWorker(orders), ...(Object.keys(databases).length > 0 ? [migratorOf(orders)] : [])],
      // Where wrangler, too, keeps what it runs on `--persist-to`.
      resourcePersistencePath: join(orders.state, "v3"),
      cf: false,
      ...(orders.inspectorPort === undefined ? {} : { inspectorPort: orders.inspectorPort }),
      // All of it is read, as it would be in a deployment: what logging costs, it costs here too.
      handleStructuredLogs: ({ level, message }) => {
        const isFault = level === "warn" || level === "error";
        if (isFault ? orders.showLogs || !isReady : orders.showLogs === "all") console.error(message);
      },
    }),
  );
  const port = Number((await server.unsafeGetDirectURL(name)).port);
  if (Object.keys(databases).length > 0) {
    const response = await fetch(await server.unsafeGetDirectURL(MIGRATOR));
    if (!response.ok) throw new Error(`the database could not be prepared: ${await response.text()}`);
  }
  isReady = true;
  return { port };
}

function migratorOf({ deployment, migrator }: Orders) {
  return {
    name: MIGRATOR,
    modules: true as const,
    script: migrator,
    compatibilityDate: deployment.compatibilityDate,
    bindings: {
      MIGRATIONS: deployment.migrations.map(({ name, statements }) => ({ name, statements: [...statements] })),
    },
    d1Databases: { ...deployment.databases },
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  };
}

/** For what miniflare keeps while it runs: one that was killed cannot clear it up, and the next on this folder does. */
function emptyFolder(path: string): string {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  return path;
}

async function end(): Promise<void> {
  isEnding = true;
  await drain();
  await server?.dispose();
}

/** miniflare kills workerd, which by itself ends when it is asked to and what is under way is answered. */
async function drain(): Promise<void> {
  for (const workerd of workerds.keys()) workerd.kill("SIGTERM");
  const timeout = new Promise((resolve) => setTimeout(resolve, DRAIN_TIMEOUT_MS).unref());
  await Promise.race([Promise.all(workerds.values()), timeout]);
}

/**
 * A process that is killed cannot end what it started. The shell reads a pipe that this process alone holds open, so the
 * read returns when this process is gone.
 */
function endGroupWithThisProcess(): void {
  spawn("sh", ["-c", "read -r _; kill -9 0"], { stdio: ["pipe", "ignore", "ignore"] });
}

/** miniflare goes on without workerd and does not say so; a directory that no longer answers must end. */
function endGroupWithWorkerd(): void {
  subscribe("child_process", (message) => {
    const { process: child } = message as { readonly process: ChildProcess };
    child.once("spawn", () => {
      if (basename(child.spawnfile) !== "workerd") return;
      const exit = once(child, "exit").finally(() => workerds.delete(child));
      workerds.set(child, exit);
      void exit.then(() => isEnding || killGroup());
    });
  });
}

/** This process and all below it: it leads a group of its own. */
function killGroup(): void {
  process.kill(-process.pid, "SIGKILL");
}

function tell(reply: Reply): void {
  if (process.connected) process.send?.(reply);
}
