/**
 * Writes docs/api.md, the reference of `./mls`, from the declarations that tsc emits: each export with its doc comment
 * and its signature, in the order of src/mls/index.ts. With --check it only says whether the file is fresh. Run by npm.
 * (TypeDoc needs the compiler API of TypeScript 6, which TypeScript 7 does not have.)
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FILE = "docs/api.md";

const HEADER = `# API reference of \`./mls\`

Generated from the doc comments of \`src/mls\` by \`npm run generate\`.

`;

const folder = mkdtempSync(join(tmpdir(), "kpd-api-"));
try {
  const { status, stdout } = spawnSync(
    "tsc",
    ["-p", "tsconfig.build.json", "--emitDeclarationOnly", "--outDir", folder],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(stdout);
  const text = HEADER + modules(join(folder, "mls")).map(describeModule).join("");
  if (!process.argv.includes("--check")) {
    writeFileSync(FILE, text);
  } else if (!existsSync(FILE) || readFileSync(FILE, "utf8") !== text) {
    console.error(`${FILE} is stale: run npm run generate`);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

type Module = { readonly path: string; readonly names: readonly string[]; readonly declarations: string };

/** What index.ts exports, module by module. */
function modules(root: string): Module[] {
  const index = readFileSync(join(root, "index.d.ts"), "utf8");
  return [...index.matchAll(/^export (?:type )?\{([^}]*)\} from "\.\/(.*)\.ts";$/gm)].map(
    ([, list = "", path = ""]) => ({
      path,
      names: list
        .split(",")
        .map((name) => name.replace(/^\s*type\s/, "").trim())
        .filter((name) => name !== ""),
      declarations: readFileSync(join(root, `${path}.d.ts`), "utf8"),
    }),
  );
}

function describeModule({ path, names, declarations }: Module): string {
  return `## ${path}\n\n${names.map((name) => describeExport(name, declarations)).join("")}`;
}

function describeExport(name: string, declarations: string): string {
  const lines = declarations.split("\n");
  const opening = new RegExp(`^export (declare )?(abstract )?(class|function|const|type|interface) ${name}\\b`);
  const starts = lines.flatMap((line, at) => (opening.test(line) ? [at] : []));
  if (starts.length === 0) throw new Error(`no declaration of ${name}`);
  const comments = starts.map((at) => commentBefore(lines, at)).filter((text) => text !== "");
  const signatures = starts.map((at) => declarationAt(lines, at).replace(/^export (declare )?/, ""));
  return `### ${name}\n\n${comments.map((text) => `${text}\n\n`).join("")}\`\`\`ts\n${signatures.join("\n\n")}\n\`\`\`\n\n`;
}

/** A declaration goes on until every brace is closed and the line ends it. */
function declarationAt(lines: readonly string[], start: number): string {
  let depth = 0;
  for (let at = start; at < lines.length; at++) {
    const code = (lines[at] ?? "").replace(/\/\*\*.*?\*\/|^\s*\*.*$|\/\*\*.*$/g, "");
    depth += (code.match(/\{/g)?.length ?? 0) - (code.match(/\}/g)?.length ?? 0);
    if (depth === 0 && /[;}]$/.test(code)) return lines.slice(start, at + 1).join("\n");
  }
  throw new Error(`a declaration does not end: ${lines[start]}`);
}

/** The doc comment right above a line. */
function commentBefore(lines: readonly string[], at: number): string {
  if (!lines[at - 1]?.endsWith("*/")) return "";
  let start = at - 1;
  while (start > 0 && !lines[start]?.startsWith("/**")) start -= 1;
  return prose(lines.slice(start, at).join("\n"));
}

/** The text of a doc comment. */
function prose(comment: string): string {
  return comment
    .replace(/^\/\*\*\s?|\s*\*\/\s*$/g, "")
    .replace(/^ \* ?/gm, "")
    .trim();
}
