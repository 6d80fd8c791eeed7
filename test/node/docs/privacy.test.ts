/** docs/privacy.md promises times: they are those that the code keeps. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as limits from "../../../src/config/limits.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/privacy.md"), "utf8");

const DAY = 24 * 3_600;

/** The row of the table that begins with these words: its last column. */
function until(what: string): string {
  const row = page.split("\n").find((line) => line.startsWith(`| ${what}`));
  if (row === undefined) throw new Error(`the page has no row ${what}`);
  return row.split("|").at(-2)?.trim() ?? "";
}

test.each([
  ["packages in stock", `*${Math.floor(limits.MAX_TOTAL_LIFETIME_SECONDS / DAY)} days* at most`],
  ["fingerprints of packages", `${limits.FINGERPRINT_MARGIN_SECONDS / DAY} days after`],
  ["registration", `${limits.REVOKED_CLIENT_RETENTION_SECONDS / DAY} days`],
  ["answers of claims", `*${limits.REPLAY_RETENTION_SECONDS / 3_600} hours*`],
  ["journal", `*${limits.JOURNAL_RETENTION_SECONDS / DAY} days*`],
  ["tokens that were verified", `${limits.TOKEN_CACHE_MS / 1_000} seconds`],
  ["users that were met", `${limits.MAX_USERS_REMEMBERED.toLocaleString("en")} and`],
  ["users that were met", `and ${limits.MAX_CALLERS_REMEMBERED.toLocaleString("en")} names`],
])("what is said of %s is what limits.ts says", (what, time) => {
  expect(until(what)).toContain(time);
});

test("every table of both stores is in the page", () => {
  for (const word of ["packages in stock", "fingerprints", "registration", "answers of claims", "journal", "budgets"]) {
    expect(page).toContain(`| ${word}`);
  }
});
