/** The examples as files of the site, as somebody copies them: they import the package, and not this repository's sources. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = "docs/examples";
/** Says in the repository what the import below it is elsewhere. */
const HINT = /^\/\/ Outside of this repository: .*\n/gm;
const OWN_SOURCE = /"(?:\.\.\/)+src\/([\w/-]+)\/index\.ts"/g;

/** Contents by the path below the folder of the pages, which is that in the repository. */
export function exampleFiles(root: string): Readonly<Record<string, string>> {
  const names = readdirSync(join(root, FOLDER), { recursive: true, encoding: "utf8" })
    .map((name) => `${FOLDER}/${name.replaceAll("\\", "/")}`)
    .filter((name) => /\.(?:ts|py)$/.test(name))
    .toSorted();
  return Object.fromEntries(names.map((name) => [name, asCopied(readFileSync(join(root, name), "utf8"))]));
}

const asCopied = (text: string): string =>
  text.replaceAll(HINT, "").replaceAll(OWN_SOURCE, (_, entry: string) => `"mls-key-directory/${entry}"`);
