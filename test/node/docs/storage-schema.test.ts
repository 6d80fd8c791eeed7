/** docs/storage-schema.md has each table that is made anywhere, with its columns and an example of each stage of its rows. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");
const page = readFileSync(join(ROOT, "docs/storage-schema.md"), "utf8");

/** Where tables are made, and which part of the page is about them. */
const PARTS = [
  { folder: "src/pool/tables/operator-records", heading: "Operators' records" },
  { folder: "src/pool/tables", heading: "Pool" },
  { folder: "migrations", heading: "Directory" },
];

const sources = ["src", "migrations"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(ts|sql)$/.test(file))
    .map((file) => `${folder}/${file.replaceAll("\\", "/")}`),
);

const TABLE = /CREATE TABLE (?:IF NOT EXISTS )?([a-z_]+) \(((?:[^()]|\([^()]*\))*)\)/g;
const COLUMN = /(?:^|[,\n])\s*([a-z_]+) (?:INTEGER|TEXT|BLOB)/g;

const tables = sources.flatMap((file) =>
  [...readFileSync(join(ROOT, file), "utf8").matchAll(TABLE)].map(([, table = "", body = ""]) => ({
    file,
    table,
    columns: [...body.matchAll(COLUMN)].map(([, column = ""]) => column),
  })),
);

function sectionOf(file: string, table: string): string {
  const heading = PARTS.find(({ folder }) => file.startsWith(`${folder}/`))?.heading ?? "no part of the page";
  const part = page.split("\n## ").find((text) => text.startsWith(heading)) ?? "";
  return part.split("\n### ").find((text) => text.startsWith(`\`${table}\``)) ?? "";
}

it("finds the tables of pool, operators' records and directory", () => {
  expect(tables.map(({ table }) => table).toSorted()).toEqual(
    [
      ["activity", "audit_trail", "blocked_callers", "issuer_key_marks", "series"],
      ["chunks", "claim_capabilities", "claims", "clients", "ended_tokens", "events", "fingerprints", "pool"],
      ["raised_budgets", "clients", "restore_epoch", "routes"],
    ]
      .flat()
      .toSorted(),
  );
});

it.each(tables)("shows a row of $table ($file) at each stage, and names every column", ({ file, table, columns }) => {
  const section = sectionOf(file, table);
  expect(columns).not.toEqual([]);
  expect(columns.filter((column) => !new RegExp(`\\b${column}\\b`).test(section))).toEqual([]);
  const [head = "", , ...rows] = section.split("\n").filter((line) => line.startsWith("|"));
  // A row for each stage, or a column for each where rows have many columns.
  expect(head).toMatch(/^\| (stage|column) \|/);
  expect(rows.filter((row) => row.includes("`") || /\d/.test(row))).not.toEqual([]);
});

it("says how many tables a pool has at first, and how many come with their first row", () => {
  const made = tables.filter(({ file }) => file.startsWith("src/pool/tables/") && !file.includes("operator-records"));
  const later = made.filter(({ file }) => !file.endsWith("pool-schema.ts"));
  const words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
  const [first, more] = [words[made.length - later.length], words[later.length]];
  expect(page.replaceAll(/\s+/g, " ")).toContain(`A pool has ${first} tables, and up to ${more} more`);
});
