import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

/** A promise's last column: files with what to look for in them, `file`: words · more words · `file` … */
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

test("every promise of SECURITY.md names tests that exist", () => {
  const promises = [
    ...read("SECURITY.md").matchAll(/^\| ([^|]+) \| ([^|]+) \| (.*(?:`workers\/|`node\/|npm run).*) \|$/gm),
  ];
  expect(promises.length).toBeGreaterThan(12);
  const missing = promises.flatMap(([, promise = "", , column = ""]) => {
    const named = evidence(column).filter(
      ({ file, words }) => !existsSync(join(ROOT, file)) || !read(file).includes(words),
    );
    return named.map(({ file, words }) => `${promise}: ${file}: ${words}`);
  });
  expect(missing).toEqual([]);
});

test("the platform is told not to record requests, whose URLs name users", () => {
  expect(read("wrangler.toml")).toMatch(/^\[observability\.logs\]\nenabled = true\ninvocation_logs = false$/m);
});
