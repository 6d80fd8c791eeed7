/** Tests that a page names, to be looked for: a file and a title. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export type NamedTest = { readonly file: string; readonly title: string };

/** The last cell of a row: `` `file`: title · `file`: title ``. Undefined if any part of it has another form. */
export function evidence(cell: string): readonly NamedTest[] | undefined {
  const parts = cell.split(" · ").map((part) => /^`([a-z0-9./-]+\.ts)`: (.+)$/.exec(part.trim()));
  const named = parts.flatMap((part) => (part ? [{ file: part[1] ?? "", title: part[2] ?? "" }] : []));
  return named.length === parts.length ? named : undefined;
}

/**
 * Whether there is such a file, below `test/` if it is of workers and else below `test/node/`, with the title as a whole
 * string in it: that of a test, of a group, or in a row of its table.
 */
export function isThere({ file, title }: NamedTest): boolean {
  const path = join(import.meta.dirname, file.startsWith("workers/") ? "../.." : "..", file);
  if (!existsSync(path)) return false;
  const source = readFileSync(path, "utf8");
  return ['"', "'", "`"].some((quote) => source.includes(`${quote}${title}${quote}`));
}
