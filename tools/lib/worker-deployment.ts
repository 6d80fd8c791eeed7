/** What wrangler.toml says of the Worker, for everything that runs it on this machine. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { parse } from "smol-toml";

const ROOT = resolve(import.meta.dirname, "../..");

/** Plain data, so that it reaches another process. */
export type Deployment = {
  readonly name: string;
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  /** Durable Object classes by binding, all with SQLite. */
  readonly objects: Readonly<Record<string, string>>;
  /** Ids of D1 databases by binding. */
  readonly databases: Readonly<Record<string, string>>;
  /** Which requests go to the Worker without a look at the web pages. */
  readonly workerFirst: readonly string[];
  /** What is served where there is no file. */
  readonly notFound: NotFoundHandling;
  /** Migrations, the oldest first: all databases are of the directory, and have the same tables. */
  readonly migrations: readonly Migration[];
};

export type Migration = { readonly name: string; readonly statements: readonly string[] };

type NotFoundHandling = "404-page" | "none";

/** The part of wrangler.toml that is read. */
type WranglerConfig = {
  readonly name: string;
  readonly compatibility_date: string;
  readonly compatibility_flags?: readonly string[];
  readonly assets: { readonly run_worker_first: readonly string[]; readonly not_found_handling: NotFoundHandling };
  readonly d1_databases: readonly { binding: string; migrations_dir: string }[];
  readonly durable_objects: { readonly bindings: readonly { name: string; class_name: string }[] };
};

export function readDeployment(): Deployment {
  const config = parse(readFileSync(join(ROOT, "wrangler.toml"), "utf8")) as unknown as WranglerConfig;
  const [database] = config.d1_databases;
  return {
    name: config.name,
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags ?? [],
    workerFirst: config.assets.run_worker_first,
    notFound: config.assets.not_found_handling,
    objects: Object.fromEntries(config.durable_objects.bindings.map(({ name, class_name }) => [name, class_name])),
    databases: Object.fromEntries(config.d1_databases.map(({ binding }) => [binding, localDatabaseId(binding)])),
    migrations: database ? readMigrations(join(ROOT, database.migrations_dir)) : [],
  };
}

/** wrangler.toml names no ids. The one of DB was there once: local data that was stored under it is found again. */
const localDatabaseId = (binding: string): string =>
  binding === "DB" ? "00000000-0000-0000-0000-000000000000" : binding;

/** The entry and all that it imports as one ES module, as wrangler would make it, but not minified. */
export function bundle(entry: string): string {
  const { outputFiles } = buildSync({
    entryPoints: [join(ROOT, entry)],
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    write: false,
    logLevel: "error",
  });
  const code = outputFiles[0]?.text;
  if (code === undefined) throw new Error(`${entry} gave no bundle`);
  return code;
}

function readMigrations(folder: string): Migration[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .toSorted()
    .map((name) => ({ name, statements: statementsOf(readFileSync(join(folder, name), "utf8")) }));
}

/** The statements of a file of SQL in which no statement has a semicolon inside. */
function statementsOf(text: string): string[] {
  return text
    .replaceAll(/--.*$/gm, "")
    .split(";")
    .map((statement) => statement.trim())
    .filter(Boolean);
}
