/**
 * Where the pool's SQL writes: each table in its own file. That there is no SQL outside of src/pool/tables is a rule of
 * the linter (src/pool/tables/sql-only-here.grit).
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const TABLES = join(import.meta.dirname, "../../../src/pool/tables");

/** `DO UPDATE SET` of an upsert names no table. */
const WRITE = /(INSERT OR REPLACE INTO|INSERT INTO|UPDATE|DELETE FROM) (?!SET\b)([a-z_]+)/g;

const writes = readdirSync(TABLES, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .flatMap((file) =>
    [...readFileSync(join(TABLES, file), "utf8").matchAll(WRITE)].map(([, verb, table]) => ({ file, verb, table })),
  );

const filesThat = (verb: RegExp, table: string): string[] => [
  ...new Set(writes.filter((write) => write.table === table && verb.test(write.verb ?? "")).map(({ file }) => file)),
];

it.each([
  ["chunks", "chunks-table.ts"],
  ["fingerprints", "fingerprints-table.ts"],
  ["clients", "clients-table.ts"],
  ["claims", "claims-table.ts"],
  ["ended_tokens", "ended-tokens-table.ts"],
])("writes the table %s only in %s", (table, file) => {
  expect(filesThat(/./, table)).toEqual([file]);
});

it("writes the pool's own row in one file, apart from the version of its schema", () => {
  expect(filesThat(/./, "pool")).toEqual(["pool-row.ts", "pool-schema.ts"]);
});
