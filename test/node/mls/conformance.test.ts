import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../../..");
/** Of all tables: requirements, and what differs from OpenMLS. */
const rows = readFileSync(resolve(root, "docs/conformance.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.endsWith(" test |"));

describe("the conformance table", () => {
  it("names files that exist and tests that are in them", () => {
    const references = rows.flatMap((row) => {
      const tests = row.split("|").at(-2) ?? "";
      const named = [...tests.matchAll(/`([a-z0-9/-]+\.test\.ts)`(?:: ([^·]+))?/g)];
      expect(named.length, row).toBeGreaterThan(0);
      return named;
    });
    expect(references.length).toBeGreaterThan(50);
    for (const [, file = "", name] of references) {
      const source = readFileSync(resolve(root, file.startsWith("workers/") ? "test" : "test/node", file), "utf8");
      // Tests of one table share a title with a placeholder for the code.
      const title = name?.trim().replace(/^says [A-Za-z]+$/, "says ");
      expect(source, `${file}: ${title}`).toContain(title ?? "");
    }
  });

  it("covers every section that says something of a KeyPackage", () => {
    for (const section of ["5.1.1", "7.2", "7.3", "10", "10.1", "13.4", "13.5", "16.8", "17.1", "17.3"]) {
      expect(
        rows.some((row) => row.startsWith(`| §${section} |`)),
        `§${section}`,
      ).toBe(true);
    }
  });
});
