/** The declarations that tsc emits, as text: what each entry of the library exports, and with which signature. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export type Module = { readonly path: string; readonly names: readonly string[]; readonly declarations: string };

/** Emits the declarations of src/mls and src/client into the folder. */
export function emitDeclarations(folder: string): void {
  const options = ["-p", "tsconfig.build.json", "--emitDeclarationOnly", "--outDir", folder];
  const { status, stdout } = spawnSync("tsc", options, { encoding: "utf8" });
  if (status !== 0) throw new Error(stdout);
}

/** What index.ts of an entry exports, module by module. */
export function modules(root: string, entry: string): Module[] {
  const index = readFileSync(join(root, entry, "index.d.ts"), "utf8");
  return [...index.matchAll(/^export (?:type )?\{([^}]*)\} from "(\..*)\.ts";$/gm)].map(([, list = "", name = ""]) => ({
    path: join(entry, name),
    names: listed(list),
    declarations: readFileSync(join(root, entry, `${name}.d.ts`), "utf8"),
  }));
}

/** The text of each declaration of a name, from its first line on. */
export function declarationsOf(
  name: string,
  { declarations }: Module,
): { readonly at: number; readonly text: string }[] {
  const lines = declarations.split("\n");
  const opening = new RegExp(`^export (declare )?(abstract )?(class|function|const|type|interface) ${name}\\b`);
  return lines.flatMap((line, at) => (opening.test(line) ? [{ at, text: declarationAt(lines, at) }] : []));
}

/** A declaration goes on until every brace is closed: that of a class or interface ends there, another at a semicolon. */
function declarationAt(lines: readonly string[], start: number): string {
  const end = /^export (declare )?(abstract )?(class|interface)/.test(lines[start] ?? "") ? /}$/ : /;$/;
  let depth = 0;
  for (let at = start; at < lines.length; at++) {
    const code = (lines[at] ?? "").replace(/\/\*\*.*?\*\/|^\s*\*.*$|\/\*\*.*$/g, "");
    depth += (code.match(/\{/g)?.length ?? 0) - (code.match(/\}/g)?.length ?? 0);
    if (depth === 0 && end.test(code)) return lines.slice(start, at + 1).join("\n");
  }
  throw new Error(`a declaration does not end: ${lines[start]}`);
}

/**
 * Types that an exported signature names and that none of the entries exports, as `module: type`: whoever uses the
 * library could not write them down.
 */
export function unexportedTypes(all: readonly Module[]): string[] {
  const exported = new Set(all.flatMap(({ names }) => names));
  const missing = all.flatMap((module) => {
    const hidden = [...namesOf(module.declarations)].filter((name) => !exported.has(name));
    const signatures = module.names.flatMap((name) => declarationsOf(name, module).map(({ text }) => text)).join("\n");
    // What `typeof` names is a value, from which the type is made.
    const used = new Set(
      withoutComments(signatures)
        .replace(/\btypeof \w+/g, "")
        .match(/\b[A-Z]\w*\b/g),
    );
    return hidden.filter((name) => used.has(name)).map((name) => `${module.path}: ${name}`);
  });
  return [...new Set(missing)];
}

/** Names that a module imports or declares. */
function* namesOf(declarations: string): Generator<string> {
  for (const [, list = ""] of declarations.matchAll(/^import (?:type )?\{([^}]*)\} from "\./gm)) yield* listed(list);
  for (const [, name = ""] of declarations.matchAll(
    /^(?:export )?(?:declare )?(?:abstract )?(?:class|type|interface) (\w+)/gm,
  )) {
    yield name;
  }
}

const listed = (list: string): string[] =>
  list
    .split(",")
    .map((name) => name.replace(/^\s*type\s/, "").trim())
    .filter((name) => name !== "");

const withoutComments = (text: string): string => text.replace(/\/\*\*.*?\*\//gs, "");
