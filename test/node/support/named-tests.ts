/** Tests that a page names, to be looked for: a file and a title. */
import { readFileSync } from "node:fs";

export type NamedTest = { readonly file: string; readonly title: string };

/** The last cell of a row: `` `file`: title · `file`: title ``. Undefined if any part of it has another form. */
export function evidence(cell: string): readonly NamedTest[] | undefined {
  const parts = cell.split(" · ").map((part) => /^`([a-z0-9./-]+\.ts)`: (.+)$/.exec(part.trim()));
  const named = parts.flatMap((part) => (part ? [{ file: part[1] ?? "", title: part[2] ?? "" }] : []));
  return named.length === parts.length ? named : undefined;
}

/** Whether the source has the title as a whole string: that of a test, of a group, or in a row of its table. */
export function isTitleIn(file: string, title: string): boolean {
  const source = readFileSync(file, "utf8");
  return ['"', "'", "`"].some((quote) => source.includes(`${quote}${title}${quote}`));
}
