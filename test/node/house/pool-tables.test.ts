/**
 * Where SQL is: that of the pool in src/pool/tables, each table written in its own file, and that of D1 in src/directory.
 * Rules of the linter hold the two folders (sql-only-here.grit, d1-only-here.grit).
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { expect, it } from "vitest";
import { lint } from "../support/lint.ts";

const SRC = join(import.meta.dirname, "../../../src");
const TABLES = join(SRC, "pool/tables");

const texts = readdirSync(TABLES, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => ({ file: file.replaceAll("\\", "/"), text: readFileSync(join(TABLES, file), "utf8") }));

const tables = texts.flatMap(({ text }) =>
  [...text.matchAll(/CREATE TABLE (?:IF NOT EXISTS )?([a-z_]+)/g)].map(([, table]) => table),
);

/** `DO UPDATE SET` of an upsert names no table. */
const WRITE = /(?:INSERT OR REPLACE INTO|INSERT INTO|UPDATE|DELETE FROM) (?!SET\b)([a-z_]+)/g;

const writers = (table: string | undefined) =>
  texts.filter(({ text }) => [...text.matchAll(WRITE)].some(([, name]) => name === table)).map(({ file }) => file);

/** The pool's own row is written in two files: the second one writes the version of the schema. */
const WRITERS: Readonly<Record<string, readonly string[]>> = {
  pool: ["pool-row.ts", "pool-schema.ts"],
  clients: ["clients-table.ts"],
  chunks: ["chunks-table.ts"],
  fingerprints: ["fingerprints-table.ts"],
  claims: ["claims-table.ts"],
  ended_tokens: ["ended-tokens-table.ts"],
  raised_budgets: ["raised-budgets-table.ts"],
  claim_capabilities: ["claim-capabilities-table.ts"],
  events: ["events-table.ts"],
  audit_trail: ["operator-records/audit-table.ts"],
  blocked_callers: ["operator-records/blocked-callers-table.ts"],
  issuer_key_marks: ["operator-records/issuer-key-marks-table.ts"],
  activity: ["operator-records/activity-table.ts"],
  series: ["operator-records/series-table.ts"],
};

it("names every table that a Durable Object makes", () => {
  expect(tables.toSorted()).toEqual(Object.keys(WRITERS).toSorted());
});

it.each(Object.entries(WRITERS))("writes the table %s only in %s", (table, files) => {
  expect(writers(table).toSorted()).toEqual(files);
});

/** Every way to get hold of a method that runs SQL. */
const reaching = (method: string): readonly string[] => [
  `export const run = (db: Db) => db.${method}("SELECT 1");`,
  `export const run = (db: Db) => db?.${method}("SELECT 1");`,
  `export const run = (db: Db) => db["${method}"]("SELECT 1");`,
  `export const run = (db: Db) => db[\`${method}\`]("SELECT 1");`,
  `export const { ${method} } = db;`,
  `export const { ${method}: run } = db;`,
  `export const { "${method}": run } = db;`,
  `export const run = ({ sql: { ${method} } }: Context) => ${method}("SELECT 1");`,
  `({ ${method} } = db);`,
  `({ ${method}: run } = db);`,
];

const HARMLESS = [
  "export const executed = db.executed;",
  "export const found = /a/.exec(text);",
  "db.prepared = true;",
];

const folders = [
  ...new Set(
    readdirSync(SRC, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => posix.dirname(path.replaceAll("\\", "/"))),
  ),
];

const within = (folder: string, rooms: readonly string[]) =>
  rooms.some((room) => folder === room || folder.startsWith(`${room}/`));

/** Rooms that no storage is given to; the `exec` of regular expressions with a name is used there. */
const WITHOUT_STORAGE = ["mls", "inspect", "cli", "client", "web"];

it.each([
  { method: "exec", allowed: ["pool/tables", ...WITHOUT_STORAGE] },
  { method: "prepare", allowed: ["directory"] },
])(
  "has the linter reject $method elsewhere, however it is reached",
  ({ method, allowed }) => {
    const lines = [...reaching(method), ...HARMLESS];
    const probes = folders.map((folder) => [posix.join("src", folder, "probe.ts"), lines.join("\n")] as const);
    const found = lint(probes, "plugin");
    const wanted = folders
      .filter((folder) => !within(folder, allowed))
      .flatMap((folder) => reaching(method).map((_, at) => `${posix.join("src", folder, "probe.ts")}:${at + 1}`));
    expect([...found].toSorted()).toEqual(wanted.toSorted());
  },
  60_000,
);
