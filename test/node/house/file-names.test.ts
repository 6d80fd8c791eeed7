/** A name says which file is meant, wherever it is read: in a search, an editor's tab, or a stack trace. */
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { expect, it } from "vitest";

/**
 * Entries of the package, which are found by their folder, a consumer's project, which is copied out of this one, and what
 * a project with a lock of its own has installed.
 */
const NAMED_BY_THEIR_FOLDER = new Set(["index.ts"]);
const NOT_OF_THIS_PROJECT = /^(consumers|generators)\/|\/node_modules\//;

it("gives no two files of code one name", () => {
  const paths = ["src", "test", "tools", "bench", "chaos", "docs/examples"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts") && !(folder === "test" && NOT_OF_THIS_PROJECT.test(path)))
      .map((path) => `${folder}/${path}`),
  );
  expect(paths.length).toBeGreaterThan(500);
  const pathsByName = Map.groupBy(paths, (path) => basename(path));
  const shared = [...pathsByName].filter(([name, of]) => of.length > 1 && !NAMED_BY_THEIR_FOLDER.has(name));
  expect(shared).toEqual([]);
});
