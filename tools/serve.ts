/**
 * `npm run serve`: the directory on a machine of one's own, in workerd, for clients behind a proxy that ends TLS.
 * docs/self-hosted.md says what it promises.
 *
 * Settings are those of a deployment, from the environment, and without an issuer it does not start. HOST and PORT say
 * where it listens (127.0.0.1, 8787), STATE_DIR which folder keeps the data (data), and WORKER which build of the Worker
 * runs: a file of `npm run worker`, or else what is in this tree.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { port } from "./lib/args.ts";
import { lockFolder } from "./lib/folder-lock.ts";
import { startWorker } from "./lib/local-worker.ts";
import { buildPages } from "./lib/pages/build.ts";
import { SERVED_ENTRY, servedSettings } from "./lib/self-hosted/served-settings.ts";
import { readRestoredAt, storageOf } from "./lib/self-hosted/state.ts";
import { bundle, readDeployment } from "./lib/worker-deployment.ts";

/** A service manager may start the next before the last has let go of the folder. */
const STATE_WAIT_MS = 10_000;

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stopping.abort());

await main(stopping.signal).catch((cause: unknown) => {
  if (stopping.signal.aborted) return;
  console.error(cause instanceof Error ? cause.message : String(cause));
  process.exitCode = 1;
});

async function main(signal: AbortSignal): Promise<void> {
  const state = resolve(process.env.STATE_DIR ?? "data");
  const chosen = port("PORT", process.env.PORT ?? "8787");
  const host = process.env.HOST ?? "127.0.0.1";
  mkdirSync(state, { recursive: true, mode: 0o700 });
  if (!lockFolder(state, STATE_WAIT_MS)) throw new Error(`${state} is in use by another directory`);
  const variables = servedSettings(process.env, readRestoredAt(state));
  const pages = join(state, "pages");
  await buildPages(pages);
  const directory = await startWorker(
    {
      deployment: readDeployment(),
      script: process.env.WORKER ? readFileSync(process.env.WORKER, "utf8") : bundle(SERVED_ENTRY),
      variables,
      state: storageOf(state),
      pages,
      host,
      port: chosen,
      showLogs: "all",
    },
    signal,
  );
  try {
    const ready = await fetch(`${directory.address}/readyz`);
    if (!ready.ok) throw new Error(`the directory is not ready: ${ready.status} ${await ready.text()}`);
    console.log(`MLS Key Directory on ${host}:${chosen}, its data in ${state}`);
    await directory.ended;
    if (!signal.aborted) throw new Error("the directory ended by itself");
  } finally {
    await directory.stop();
  }
}
