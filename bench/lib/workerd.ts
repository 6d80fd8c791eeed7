/** A Worker in workerd on loopback, its storage on disk, its socket without a proxy in front. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

const COMPATIBILITY_DATE = "2026-10-23";
const NAME = "bench";

export type WorkerOptions = {
  /** Entry file, from the root of the repository. */
  readonly entry: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Durable Object classes by binding. */
  readonly objects: Readonly<Record<string, string>>;
  readonly databases: readonly string[];
  readonly inspectorPort?: number;
};

export type RunningWorker = { readonly port: number; readonly stop: () => Promise<void> };

/** Bundles and starts the Worker; `stop` ends workerd and removes its storage. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const script = await bundled(options.entry);
  const state = await mkdtemp(join(tmpdir(), "kpd-bench-"));
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: NAME,
      modules: true,
      script,
      compatibilityDate: COMPATIBILITY_DATE,
      bindings: { ...options.variables },
      durableObjects: Object.fromEntries(
        Object.entries(options.objects).map(([binding, className]) => [binding, { className, useSQLite: true }]),
      ),
      d1Databases: [...options.databases],
      unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
      resourcePersistencePath: state,
      cf: false,
      ...(options.inspectorPort === undefined ? {} : { inspectorPort: options.inspectorPort }),
      // What the Worker logs is read and dropped: it costs what it costs, and is no part of the report.
      handleStructuredLogs: () => undefined,
    }),
  );
  const stop = async () => {
    try {
      await miniflare.dispose();
    } finally {
      await rm(state, { recursive: true, force: true });
    }
  };
  try {
    return { port: Number((await miniflare.unsafeGetDirectURL(NAME)).port), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One ES module, as wrangler would make it. */
async function bundled(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    loader: { ".sql": "text" },
    write: false,
    logLevel: "error",
  });
  const code = outputFiles[0]?.text;
  if (code === undefined) throw new Error(`${entry} gave no bundle`);
  return code;
}
