/**
 * The directory in a process tree of its own: workerd with its storage on disk, without what wrangler adds, so that a
 * killed server is back within a second. Reads its orders from the first argument, prints `ready`, and runs until it
 * is killed.
 */
import { readFileSync } from "node:fs";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

export type Orders = {
  readonly port: number;
  readonly state: string;
  readonly bundle: string;
  readonly schema: string;
  readonly compatibilityDate: string;
  readonly variables: Readonly<Record<string, string>>;
};

const orders = JSON.parse(process.argv[2] ?? "") as Orders;
const server = new Miniflare(
  convertV4MiniflareOptions({
    name: "directory",
    modules: true,
    script: readFileSync(orders.bundle, "utf8"),
    compatibilityDate: orders.compatibilityDate,
    bindings: { ...orders.variables },
    d1Databases: { DB: "directory" },
    durableObjects: { POOL: { className: "Pool", useSQLite: true } },
    resourcePersistencePath: orders.state,
    unsafeDirectSockets: [{ host: "127.0.0.1", port: orders.port }],
    cf: false,
    handleStructuredLogs: ({ level, message }) => {
      if (level === "error") console.error(message);
    },
  }),
);
const database = await server.getD1Database("DB");
const known = await database.prepare("SELECT name FROM sqlite_master WHERE name = 'users'").first();
if (!known) await database.batch(statements(readFileSync(orders.schema, "utf8")).map((sql) => database.prepare(sql)));
console.log("ready");

/** The statements of a file of SQL that has no semicolon inside of one. */
function statements(text: string): string[] {
  return text
    .replaceAll(/--.*$/gm, "")
    .split(";")
    .map((statement) => statement.trim())
    .filter(Boolean);
}
