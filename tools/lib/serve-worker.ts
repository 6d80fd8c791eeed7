/**
 * The process above workerd. Takes its orders in one message, answers with the port, and ends when the process that
 * started it lets go of the channel or dies.
 */
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import type { Migration } from "./deployment.ts";
import { lockFolder } from "./folder-lock.ts";
import type { WorkerOptions } from "./local-worker.ts";

type Orders = WorkerOptions & { readonly state: string };

export type Reply = { readonly port: number } | { readonly failure: string };

/** An end that takes longer is no end in order. */
const END_TIMEOUT_MS = 4_000;

let server: Miniflare | undefined;

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
  lockFolder(orders.state);
  const { name, compatibilityDate, objects, databases, migrations } = orders.deployment;
  server = new Miniflare(
    convertV4MiniflareOptions({
      name,
      modules: true,
      script: orders.script,
      compatibilityDate,
      bindings: { ...orders.variables },
      durableObjects: Object.fromEntries(
        Object.entries(objects).map(([binding, className]) => [binding, { className, useSQLite: true }]),
      ),
      d1Databases: { ...databases },
      // Where wrangler, too, keeps what it runs on `--persist-to`.
      resourcePersistencePath: join(orders.state, "v3"),
      unsafeDirectSockets: [{ host: "127.0.0.1", port: orders.port ?? 0 }],
      cf: false,
      ...(orders.inspectorPort === undefined ? {} : { inspectorPort: orders.inspectorPort }),
      // All of it is read, as it would be in a deployment: what logging costs, it costs here too.
      handleStructuredLogs: ({ level, message }) => {
        if (orders.showLogs && (level === "warn" || level === "error")) console.error(message);
      },
    }),
  );
  const port = Number((await server.unsafeGetDirectURL(name)).port);
  const [binding] = Object.keys(databases);
  if (binding !== undefined) await migrate(await server.getD1Database(binding), migrations);
  return { port };
}

type Database = Awaited<ReturnType<Miniflare["getD1Database"]>>;

/** Brings the database up to the newest migration. What was applied is kept where `wrangler d1 migrations` keeps it. */
async function migrate(database: Database, migrations: readonly Migration[]): Promise<void> {
  await database
    .prepare(
      `CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE,
        applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`,
    )
    .run();
  const { results } = await database.prepare("SELECT name FROM d1_migrations").all<{ name: string }>();
  const applied = new Set(results.map(({ name }) => name));
  for (const { name, statements } of migrations) {
    if (applied.has(name)) continue;
    const note = database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name);
    await database.batch([...statements.map((statement) => database.prepare(statement)), note]);
  }
}

async function end(): Promise<void> {
  await server?.dispose();
}

/** This process and workerd below it: it leads a group of its own. */
function killGroup(): void {
  process.kill(-process.pid, "SIGKILL");
}

function tell(reply: Reply): void {
  if (process.connected) process.send?.(reply);
}
