import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const read = (file: string) => readFileSync(join(import.meta.dirname, "../../..", file), "utf8");
const text = read("docs/peer-bugs.md");
const rows = [...text.matchAll(/^\| .* \| `(test\/[^`]+)` "(.+)" \|$/gm)].map(([, file = "", name = ""]) => ({
  file,
  name,
}));

test("every failure on record names a test that exists", () => {
  expect(rows.length).toBeGreaterThan(50);
  expect(rows).toHaveLength(text.match(/`test\/workers\/.*" \||`test\/node\/.*" \|/g)?.length ?? 0);
  const missing = rows.filter(({ file, name }) => !read(file).includes(`"${name}"`));
  expect(missing).toEqual([]);
});
