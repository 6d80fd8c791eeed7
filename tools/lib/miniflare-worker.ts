/** A deployment's Worker as Miniflare takes it: its script, settings, objects, databases and pages. */
import type { WorkerOptions } from "./local-worker.ts";

export const miniflareWorker = ({ deployment, script, variables, host, port, pages }: WorkerOptions) => ({
  name: deployment.name,
  modules: true as const,
  script,
  compatibilityDate: deployment.compatibilityDate,
  compatibilityFlags: [...deployment.compatibilityFlags],
  bindings: { ...variables },
  durableObjects: Object.fromEntries(
    Object.entries(deployment.objects).map(([binding, className]) => [binding, { className, useSQLite: true }]),
  ),
  d1Databases: { ...deployment.databases },
  ...(pages === undefined
    ? {}
    : {
        assets: {
          directory: pages,
          routerConfig: { has_user_worker: true },
          assetConfig: { not_found_handling: deployment.notFound },
          run_worker_first: [...deployment.workerFirst],
        },
      }),
  unsafeDirectSockets: [{ host: host ?? "127.0.0.1", port: port ?? 0 }],
});
