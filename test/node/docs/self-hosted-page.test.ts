/** The container copies what there is, and runs the command that the tests run. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");
const read = (name: string) => readFileSync(join(ROOT, name), "utf8");

it("the Dockerfile copies files that exist and are let in, and starts tools/serve.ts", () => {
  const sources = [...read("Dockerfile").matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, list = ""]) => list.split(" "));
  const allowed = read(".dockerignore")
    .split("\n")
    .flatMap((line) => (line.startsWith("!") ? [line.slice(1)] : []));
  expect(sources.filter((source) => !existsSync(join(ROOT, source)))).toEqual([]);
  expect(sources.toSorted()).toEqual(allowed.toSorted());
  expect(read("Dockerfile")).toContain('CMD ["node", "tools/serve.ts"]');
});

it("a release keeps its Worker, and is tested against that of the one before", () => {
  const workflow = read(".github/workflows/release.yml");
  expect(workflow).toContain("npm run worker --");
  expect(workflow).toContain("PREVIOUS_WORKER");
  expect(workflow).toContain("test/node/e2e/upgrade.test.ts");
});
