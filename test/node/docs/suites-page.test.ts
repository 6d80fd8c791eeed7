import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { resultCodes } from "../../../src/http/resources/key-packages/result-codes.ts";
import { evidence, isThere } from "../support/named-tests.ts";

const codesOfResults: readonly string[] = resultCodes;
const page = readFileSync(join(import.meta.dirname, "../../../docs/suites.md"), "utf8");

test("every refusal of docs/suites.md has a code that exists, and names tests that exist", () => {
  const [, table = ""] = /^\| refused \| code \| test \|\n\|[-|]+\|\n((?:\|.*\n)+)/m.exec(page) ?? [];
  const rows = table
    .trimEnd()
    .split("\n")
    .map((row) => row.slice(2, -2).split(" | "));
  expect(rows.length).toBeGreaterThan(8);
  for (const [refused, codes = "", tests = ""] of rows) {
    const named = [...codes.matchAll(/`(\w+)`/g)].map(([, code = ""]) => code);
    expect(
      named.filter((code) => code !== "setting_invalid" && !codesOfResults.includes(code)),
      refused,
    ).toEqual([]);
    expect(
      evidence(tests)?.filter((one) => !isThere(one)),
      refused,
    ).toEqual([]);
  }
});
