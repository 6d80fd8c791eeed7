import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

/** The last cell of a row: files with what to look for in them, `file`: words · more words · `file` … */
function evidence(column: string): { readonly file: string; readonly words: string }[] {
  let file = "";
  return column.split(" · ").flatMap((part) => {
    const named = /^`((?:workers|node)\/[^`]+\.test\.ts)`(?:: )?(.*)$/.exec(part.trim());
    if (!named && part.includes("npm run")) return [];
    file = named?.[1] ?? file;
    const words = (named ? (named[2] ?? "") : part).replace(/\(.*\)/, "").trim();
    return [{ file: `test/${file}`, words }];
  });
}

/** The rows of each table that says by which tests it is shown; the cells of each. */
function shownTables(page: string): readonly (readonly (readonly string[])[])[] {
  return [...page.matchAll(/^\|.* shown by \|\n\|[-|]+\|\n((?:\|.*\n)+)/gm)].map(([, rows = ""]) =>
    rows
      .trimEnd()
      .split("\n")
      .map((row) => row.slice(2, -2).split(" | ")),
  );
}

test("every promise, abuse and budget of SECURITY.md names tests and rules that exist", () => {
  const tables = shownTables(read("SECURITY.md"));
  expect(tables).toHaveLength(3);
  const rows = tables.flat();
  expect(rows.length).toBeGreaterThan(60);
  const unshown = rows.filter((cells) => !/`(?:workers|node)\/[^`]+\.test\.ts`|npm run chaos/.test(cells.at(-1) ?? ""));
  expect(unshown.map(([first]) => first)).toEqual([]);
  const missing = rows.flatMap(([first = "", ...cells]) => {
    const named = evidence(cells.at(-1) ?? "").filter(
      ({ file, words }) => !existsSync(join(ROOT, file)) || !read(file).includes(words),
    );
    return named.map(({ file, words }) => `${first}: ${file}: ${words}`);
  });
  expect(missing).toEqual([]);
  const rules = rows.flatMap(
    (cells) => /npm run chaos`: rules? ([a-z, -]+)/.exec(cells.at(-1) ?? "")?.[1]?.split(",") ?? [],
  );
  expect(rules.length).toBeGreaterThan(3);
  expect(rules.filter((rule) => !existsSync(join(ROOT, "chaos/rules", `${rule.trim()}.ts`)))).toEqual([]);
});

test("the platform's limits are in wrangler.toml, for each environment, as SECURITY.md says", () => {
  const settings = read("wrangler.toml");
  const environments = 1 + [...settings.matchAll(/^\[env\.\w+\]$/gm)].length;
  const page = read("SECURITY.md");
  const perMinute = /\| a user's requests, .* \| ([\d,]+) per minute \|/.exec(page)?.[1]?.replace(",", "");
  const limits = [...settings.matchAll(/^simple = \{ limit = (\d+), period = 60 \}$/gm)].map(([, limit]) => limit);
  expect(limits).toEqual(Array(environments).fill(perMinute));
  const seconds = /\| one request's CPU time .* \| (\d+) s \|/.exec(page)?.[1];
  expect(settings).toMatch(new RegExp(`^\\[limits\\]\ncpu_ms = ${Number(seconds) * 1000}$`, "m"));
});

test("the platform is told not to record requests, whose URLs name users", () => {
  expect(read("wrangler.toml")).toMatch(/^\[observability\.logs\]\nenabled = true\ninvocation_logs = false$/m);
});
