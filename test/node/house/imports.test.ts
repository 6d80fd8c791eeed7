/**
 * Which room may import which: the tables of docs/architecture.md, the imports of the sources, and the rules of Biome say
 * the same.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { expect, it } from "vitest";
import { lint } from "../support/lint.ts";

const ROOT = join(import.meta.dirname, "../../..");

/** By the first column of a row, what its second one lists. */
const table = readTable(readFileSync(join(ROOT, "docs/architecture.md"), "utf8"));

const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => path.replaceAll("\\", "/"));
const folders = [...new Set(sources.map(posix.dirname))].sort();

function readTable(page: string): ReadonlyMap<string, readonly string[]> {
  const section = page.split("\n## ").find((part) => part.startsWith("Allowed imports")) ?? "";
  const rows = section.matchAll(/^\| `([^`]+)` \| ([^|]*) \|/gm);
  const names = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
  return new Map([...rows].map(([, from = "", cell = ""]) => [from, names(cell)]));
}

/** The row that speaks of a path below src: that of the file, of its folder's files, or of the nearest room around it. */
function roomOf(path: string): string {
  const around = [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index)).reverse();
  const names = [path, `${posix.dirname(path)}/*.ts`, ...around];
  return names.find((name) => table.has(name)) ?? path;
}

/** What a specifier in `file` names: a path below src, a path below the project, or a module of a platform. */
function targetOf(file: string, specifier: string): string | undefined {
  if (/^(node|cloudflare):/.test(specifier)) return specifier;
  if (!specifier.startsWith(".")) return undefined;
  const path = posix.join("src", posix.dirname(file), specifier);
  return path.startsWith("src/") ? path.slice("src/".length) : path;
}

const covers = (name: string, target: string): boolean =>
  name === target || name === roomOf(target) || target.startsWith(`${name}/`) || platformOf(target) === name;

const platformOf = (target: string) => /^(node|cloudflare):/.exec(target)?.[0].concat("*");

/** The name in the row of `file` that allows it; the room's own name for what is in the same room. */
function allowing(file: string, target: string): string | undefined {
  const room = roomOf(file);
  return room === roomOf(target) ? room : table.get(room)?.find((name) => covers(name, target));
}

const IMPORT = /(?:\bfrom|^import|\bimport\()\s*["']([^"']+)["']/gm;

const arrows = sources.flatMap((file) =>
  [...readFileSync(join(ROOT, "src", file), "utf8").matchAll(IMPORT)].flatMap(([, specifier = ""]) => {
    const target = targetOf(file, specifier);
    return target === undefined ? [] : [{ file, target, by: allowing(file, target) }];
  }),
);

it("finds the tables and the imports", () => {
  expect(table.size).toBeGreaterThan(30);
  expect(arrows.length).toBeGreaterThan(1500);
});

it("has a row for every file", () => {
  expect(sources.filter((file) => !table.has(roomOf(file)))).toEqual([]);
});

it("imports nothing that the tables do not allow", () => {
  const wrong = arrows.filter(({ by }) => by === undefined);
  expect(wrong.map(({ file, target }) => `${file} → ${target}`)).toEqual([]);
});

it("allows nothing that no source needs", () => {
  const used = new Set(arrows.map(({ file, by }) => `${roomOf(file)} → ${by}`));
  const listed = [...table].flatMap(([from, names]) => names.map((name) => `${from} → ${name}`));
  expect(listed.filter((arrow) => !used.has(arrow))).toEqual([]);
});

/** A file with one import on each line, at a place where none of the sources is or in place of a file that has a row. */
type Probe = { readonly file: string; readonly targets: readonly string[] };

const TARGETS = [
  ...[...table.keys()].map((room) => (room.endsWith(".ts") ? room.replace("*", "other") : `${room}/other.ts`)),
  ...[...table.values()].flat().filter((name) => /^[^*]+\.[a-z]+$/.test(name)),
  "tools/start.ts",
  "test/node/some.test.ts",
  "chaos/checker.ts",
  "bench/worker/bench-worker.ts",
  "newroom/other.ts",
  "node:path",
  "node:fs/promises",
  "cloudflare:workers",
];

const probes: readonly Probe[] = [
  ...folders.filter((folder) => folder !== ".").map((folder) => `${folder}/probe.ts`),
  ...[...table.keys()].filter((room) => /^[^*]+\.ts$/.test(room)),
].map((file) => ({ file, targets: [...new Set(TARGETS)].filter((target) => target !== file) }));

const OUTSIDE = /^(tools|test|chaos|bench)\//;

function specifierOf(file: string, target: string): string {
  if (platformOf(target)) return target;
  const path = posix.relative(posix.dirname(posix.join("src", file)), OUTSIDE.test(target) ? target : `src/${target}`);
  return path.startsWith(".") ? path : `./${path}`;
}

it("has Biome reject in each folder what the tables do not allow, and nothing else", () => {
  const lines = probes.flatMap(({ file, targets }) => targets.map((target, at) => ({ file, target, line: at + 1 })));
  const found = lint(
    probes.map(({ file, targets }) => [
      `src/${file}`,
      targets.map((target) => `import "${specifierOf(file, target)}";\n`).join(""),
    ]),
    "lint/style/noRestrictedImports",
  );
  const verdicts = lines.map(({ file, target, line }) => {
    const verdict = found.has(`src/${file}:${line}`) ? "rejects" : "accepts";
    return { verdict, right: allowing(file, target) === undefined ? "rejects" : "accepts", file, target };
  });
  const wrong = verdicts.filter(({ verdict, right }) => verdict !== right);
  expect(wrong.map(({ verdict, file, target }) => `${verdict} ${file} → ${target}`)).toEqual([]);
  expect(verdicts.filter(({ verdict }) => verdict === "rejects").length).toBeGreaterThan(2000);
}, 60_000);
