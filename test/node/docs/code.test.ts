/**
 * The code in the docs. What stands in a file of docs/examples is compiled and run there; of all other blocks this holds:
 * they parse, and they import what the package exports. Commands are looked at by commands.test.ts.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { transformSync } from "esbuild";
import { parse as parseToml } from "smol-toml";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../../..");

type Block = { readonly where: string; readonly lang: string; readonly code: string };

/** Signatures, generated from the types themselves. */
const GENERATED = "docs/api.md";

const files = [
  ...readdirSync(ROOT).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`)
    .filter((file) => file !== GENERATED),
];

const blocks: Block[] = files.flatMap((file) => {
  const text = readFileSync(join(ROOT, file), "utf8");
  return [...text.matchAll(/^([ \t]*)```(\w*)\n([\s\S]*?)^\1```/gm)].map((match) => ({
    where: `${file}:${text.slice(0, match.index).split("\n").length}`,
    lang: match[2] ?? "",
    code: match[3] ?? "",
  }));
});

const of = (...langs: string[]) => blocks.filter(({ lang }) => langs.includes(lang));

const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
};

/** Entry points of the package, by the name by which they are imported; packing makes `./mls` the main one too. */
const ENTRIES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({ ".": exports["./mls"] ?? "", ...exports }).flatMap(([name, target]) =>
    typeof target === "string"
      ? []
      : [[name.replace(/^\./, "mls-key-directory"), target.default.replace(/^\.\/dist\/(.*)\.js$/, "src/$1.ts")]],
  ),
);

describe("the code in the docs", () => {
  it("is there to be checked", () => {
    expect(of("ts").length).toBeGreaterThan(5);
  });

  it("parses, in TypeScript, JSON and TOML", () => {
    const broken: string[] = [];
    const tryOut = ({ where }: Block, parse: () => unknown) => {
      try {
        parse();
      } catch (error) {
        broken.push(`${where}: ${String(error).slice(0, 200)}`);
      }
    };
    for (const block of of("ts", "js")) {
      // Lines out of the middle of a function are no module, but they are a function.
      tryOut(block, () => {
        try {
          transformSync(block.code, { loader: "ts", logLevel: "silent" });
        } catch {
          transformSync(`async function* lines() {${block.code}}`, { loader: "ts", logLevel: "silent" });
        }
      });
    }
    for (const block of of("json")) tryOut(block, () => JSON.parse(block.code));
    for (const block of of("toml")) tryOut(block, () => parseToml(block.code));
    expect(broken).toEqual([]);
  });

  it("imports what the package exports", async () => {
    const missing: string[] = [];
    for (const { where, code } of of("ts", "js")) {
      for (const [, names = "", from = ""] of code.matchAll(
        /import (?:type )?\{([^}]*)\} from "(mls-key-directory[^"]*)"/g,
      )) {
        const entry = ENTRIES[from];
        if (entry === undefined || !existsSync(join(ROOT, entry))) {
          missing.push(`${where}: ${from}`);
          continue;
        }
        const source = readFileSync(join(ROOT, entry), "utf8");
        for (const name of names.split(",").map((one) => one.trim().replace(/^type /, ""))) {
          if (name !== "" && !new RegExp(`\\b${name}\\b`).test(source)) missing.push(`${where}: ${name} of ${from}`);
        }
      }
    }
    expect(missing).toEqual([]);
  });
});
