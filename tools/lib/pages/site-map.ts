/** Which Markdown files become pages, under which address, and in which order they are listed. */
import { readdirSync } from "node:fs";
import { join } from "node:path";

export type DocsPage = {
  /** From the root of the repository. */
  readonly file: string;
  /** The path of the page. */
  readonly at: string;
  /** Its name in lists; the heading of the file if left out. */
  readonly name?: string;
};

export type DocsGroup = { readonly title: string; readonly pages: readonly DocsPage[] };

const ORDER: readonly {
  readonly title: string;
  readonly files: readonly (readonly [file: string, name?: string])[];
}[] = [
  { title: "Start", files: [["README.md", "Quickstart"], ["docs/concepts.md"]] },
  {
    title: "Integrate",
    files: [
      ["docs/web.md"],
      ["docs/react-native.md"],
      ["docs/swift.md", "iOS"],
      ["docs/kotlin.md", "Android and the JVM"],
      ["docs/backends.md"],
      ["docs/http-api.md"],
      ["docs/sdk.md"],
      ["docs/compatibility.md"],
      ["docs/library.md", "The library"],
      ["docs/api.md", "Library reference"],
      ["docs/command-line.md"],
      ["docs/claim-capabilities.md", "Claims without a token"],
      ["docs/events.md", "Low-stock events"],
    ],
  },
  {
    title: "Run",
    files: [
      ["docs/deploy.md"],
      ["docs/self-hosted.md", "Self-hosted"],
      ["docs/issuers.md"],
      ["docs/suites.md", "Ciphersuites"],
      ["docs/x509.md"],
      ["docs/upgrades.md"],
      ["docs/operate/README.md", "Operating"],
      ["docs/scale.md"],
    ],
  },
  {
    title: "Trust",
    files: [
      ["SECURITY.md"],
      ["docs/receipts.md", "Receipts"],
      ["docs/privacy.md", "Privacy"],
      ["docs/reliability.md", "Reliability"],
      ["docs/conformance.md", "Conformance"],
      ["docs/peer-bugs.md", "Bugs in other directories"],
    ],
  },
  {
    title: "Inside",
    files: [
      ["docs/architecture.md"],
      ["docs/storage-schema.md", "What is stored"],
      ["docs/decisions/README.md"],
      ["CONTRIBUTING.md"],
      ["CHANGELOG.md"],
    ],
  },
];

/** Pages of these folders are listed under the page that introduces them. */
const FOLDERS = { "docs/operate": "Run", "docs/decisions": "Inside" } as const;
/** Where a file goes that has just been written and is not in the order yet. */
const NEWCOMERS = "Inside";

/** All Markdown of the root and of `docs`, those in the order above first. */
export function siteMap(root: string): DocsGroup[] {
  const known = new Set(ORDER.flatMap(({ files }) => files.map(([file]) => file)));
  const found = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name.replaceAll("\\", "/")}`)
    .filter((file) => !known.has(file))
    .toSorted();
  const groupOf = (file: string): string =>
    Object.entries(FOLDERS).find(([folder]) => file.startsWith(`${folder}/`))?.[1] ?? NEWCOMERS;
  return ORDER.map(({ title, files }) => ({
    title,
    pages: files.flatMap(([file, name]) => {
      const folder = file.endsWith("/README.md") ? file.slice(0, -"README.md".length) : undefined;
      const below = folder === undefined ? [] : found.filter((one) => one.startsWith(folder));
      return [pageOf(file, name), ...below.map((one) => pageOf(one))];
    }),
  })).map(({ title, pages }) => ({
    title,
    pages: [
      ...pages,
      ...found
        .filter((file) => groupOf(file) === title && !pages.some((page) => page.file === file))
        .map((file) => pageOf(file)),
    ],
  }));
}

function pageOf(file: string, name?: string): DocsPage {
  const path = file
    .replace(/^docs\//, "")
    .replace(/\.md$/, "")
    .replace(/(^|\/)README$/, "$1")
    .replace(/\/$/, "")
    .toLowerCase();
  return { file, at: `/docs/${path === "" ? "quickstart" : path}`, ...(name === undefined ? {} : { name }) };
}
