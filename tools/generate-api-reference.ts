/**
 * Writes docs/api.md, the reference of `./mls`, `./hpke` and `./x509`, from the declarations that tsc emits: each export
 * with its doc comment and its signature, in the order of the entries' index.ts. With --check it only says whether the file is fresh. Run by npm.
 * (TypeDoc needs the compiler API of TypeScript 6, which TypeScript 7 does not have.)
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { declarationsOf, emitDeclarations, type Module, modules, unexportedTypes } from "./lib/declarations.ts";

const FILE = "docs/api.md";

/** Folders of src/mls with an index.ts that others import. */
const ENTRIES = ["", "hpke", "x509"] as const;

const HEADER = `# API reference of \`./mls\`, \`./hpke\` and \`./x509\`

Generated from the doc comments of \`src/mls\` by \`npm run generate\`.

`;

const folder = mkdtempSync(join(tmpdir(), "kpd-api-"));
try {
  emitDeclarations(folder);
  const library = ENTRIES.flatMap((entry) => modules(join(folder, "mls"), entry));
  const client = ["", "node"].flatMap((entry) => modules(join(folder, "client"), entry));
  const unexported = unexportedTypes([...library, ...client]);
  if (unexported.length > 0) throw new Error(`types of public signatures are not exported:\n${unexported.join("\n")}`);
  const text = HEADER + library.map(describeModule).join("");
  if (!process.argv.includes("--check")) {
    writeFileSync(FILE, text);
  } else if (!existsSync(FILE) || readFileSync(FILE, "utf8") !== text) {
    console.error(`${FILE} is stale: run npm run generate`);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function describeModule(module: Module): string {
  return `## ${module.path}\n\n${module.names.map((name) => describeExport(name, module)).join("")}`;
}

function describeExport(name: string, module: Module): string {
  const lines = module.declarations.split("\n");
  const found = declarationsOf(name, module);
  if (found.length === 0) throw new Error(`no declaration of ${name}`);
  const comments = found.map(({ at }) => commentBefore(lines, at)).filter((text) => text !== "");
  const signatures = found.map(({ text }) => text.replace(/^export (declare )?/, ""));
  return `### ${name}\n\n${comments.map((text) => `${text}\n\n`).join("")}\`\`\`ts\n${signatures.join("\n\n")}\n\`\`\`\n\n`;
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
