/** English that stops a native reader, where a search can find it: rates are "per minute", lists are "one per line". */
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const PLACES = ["src", "tools", "docs", "migrations"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) => `${folder}/${path.replaceAll("\\", "/")}`),
);
const TEXTS = [...PLACES, "README.md", "SECURITY.md", "CONTRIBUTING.md", "wrangler.toml", ".dev.vars.example"].filter(
  (path) => /\.(ts|md|html|svg|sql|toml|example)$/.test(path),
);

/** A number, or what a template puts in its place, and a span of time; "30 times a month" is good English. */
const STUMBLES = /[\d}] (?:a|an) (?:second|minute|hour|day|week|month)\b|\bone (?:on )?a line\b/;

it("says per minute, and one per line", () => {
  expect(TEXTS.length).toBeGreaterThan(500);
  const found = TEXTS.flatMap((path) =>
    readFileSync(path, "utf8")
      .split("\n")
      .flatMap((line, at) => (STUMBLES.test(line) ? [`${path}:${at + 1} ${STUMBLES.exec(line)?.[0]}`] : [])),
  );
  expect(found).toEqual([]);
});
