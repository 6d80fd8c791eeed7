import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { evidence, isThere } from "../support/named-tests.ts";

const root = resolve(import.meta.dirname, "../../..");
const page = readFileSync(resolve(root, "docs/conformance.md"), "utf8");
/** Of all tables: requirements, and what differs from OpenMLS. */
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.endsWith(" test |"))
  .map((row) => row.split(" | "));

/** The rows of the table below a line that has these words. */
function tableAfter(words: string): readonly string[] {
  const after = page.slice(page.indexOf(words));
  const table = /^\|.*\n\|---.*\n((?:\|.*\n)+)/m.exec(after)?.[1] ?? "";
  return table.trimEnd().split("\n");
}

const sectionsOf = (table: readonly string[]): readonly string[] =>
  table.flatMap((row) => (row.split("|")[1] ?? "").split(",").map((section) => section.trim()));

describe("the conformance tables", () => {
  it("name for each row files that exist and whole titles of tests, or rows of their tables, that are in them", () => {
    const cells = rows.map((row) => (row.at(-1) ?? "").replace(/ \|$/, ""));
    expect(cells.filter((cell) => evidence(cell) === undefined)).toEqual([]);
    const named = cells.flatMap((cell) => evidence(cell) ?? []);
    expect(named.filter((test) => !isThere(test))).toEqual([]);
    expect(named.length).toBeGreaterThan(120);
  });

  it("cover every section of RFC 9420 that says something of a KeyPackage", () => {
    const sections = sectionsOf(tableAfter("| RFC 9420 |"));
    const wanted = ["2.1.2", "5.1.1", "5.2", "5.3", "5.3.1", "5.3.2", "6", "7.2", "7.3", "10", "10.1", "11", "13.4"];
    const more = ["13.5", "16.8", "17.1", "17.3", "17.10"];
    expect([...wanted, ...more].filter((section) => !sections.includes(`§${section}`))).toEqual([]);
  });

  it("cover every section of RFC 9750 that says something of a delivery service that keeps KeyPackages", () => {
    const sections = sectionsOf(tableAfter("Of RFC 9750"));
    const wanted = ["5.1", "5.2.3", "7", "8.1.3", "8.4.1", "8.4.2"];
    expect(wanted.filter((section) => !sections.includes(`§${section}`))).toEqual([]);
    expect(page).toContain("§8.4.3");
  });

  it("cover every section of draft-ietf-mls-extensions-10 that is about KeyPackages, and name all others", () => {
    const sections = sectionsOf(tableAfter("## draft-ietf-mls-extensions-10"));
    const wanted = ["4.1", "4.6", "4.9", "5", "5.1", "6.1", "6.2.2", "6.2.3", "6.3", "6.4.1", "6.4.2", "6.5"];
    const registries = ["7.1.2", "7.1.3", "7.2", "7.3", "7.5"];
    expect([...wanted, ...registries].filter((section) => !sections.includes(`§${section}`))).toEqual([]);
    const [others = ""] = /^The other sections(?:.+\n)+/m.exec(page) ?? [];
    for (const section of ["4.2", "4.5", "4.7", "4.8", "6.2.4", "6.3", "7.4"]) expect(others).toContain(`§${section}`);
  });
});
