/**
 * The web pages as static files: Vite makes the scripts and styles, and one layout puts them into every page. Nothing in
 * a page is inline, so that its Content-Security-Policy can forbid what is.
 */
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { build } from "vite";
import openapi from "../../../src/http/openapi/openapi.json" with { type: "json" };
import { asOpenApi30 } from "../../../src/http/openapi/plain-schema.ts";
import type { SignIn } from "../../../src/web/console/sign-in-settings.ts";
import { consoleHeaders, consoleSignIn } from "./console-sign-in.ts";
import { docsFiles } from "./docs.ts";
import { type Bundle, escapeHtml, layout } from "./layout.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const SOURCE = join(ROOT, "src/web");

/** Also in wrangler.toml, as the folder of the assets. */
export const PAGES_FOLDER = "build/web";

/** Each is a script with the styles that it imports. */
const ENTRIES = ["inspector", "console", "docs"] as const;
type Entry = (typeof ENTRIES)[number];

type ManifestChunk = {
  readonly file: string;
  readonly css?: readonly string[];
  readonly imports?: readonly string[];
};

/**
 * Builds all pages, and the description of the API in both versions. What was in the folder before is removed. `settings`
 * has those of the console's sign-in; throws if they are not whole.
 */
export async function buildPages(
  folder: string = join(ROOT, PAGES_FOLDER),
  settings: Readonly<Record<string, string | undefined>> = process.env,
): Promise<void> {
  const signIn = consoleSignIn(settings);
  rmSync(folder, { recursive: true, force: true });
  const bundles = await buildScripts(folder);
  const files: Readonly<Record<string, string>> = {
    "index.html": layout({
      title: "KeyPackage inspector",
      description: "Look into an MLS KeyPackage: every field with its bytes, every check with its verdict.",
      at: "/",
      bundle: bundles.inspector,
      main: fragment("inspector"),
    }),
    "console.html": layout({
      title: "Console",
      description: "For operators of this directory: stock, users, revocation and restore.",
      at: "/console",
      bundle: bundles.console,
      main: fragment("console").replace(CONSOLE, (element) =>
        signIn === undefined ? element : withData(element, signIn),
      ),
    }),
    ...docsFiles(ROOT, bundles.docs),
    "openapi.json": JSON.stringify(openapi),
    "openapi-3.0.json": JSON.stringify(asOpenApi30(openapi)),
  };
  cpSync(join(ROOT, "docs/images"), join(folder, "docs/images"), { recursive: true });
  for (const [name, text] of Object.entries(files)) write(join(folder, name), text);
  if (signIn !== undefined) allowIssuer(folder, signIn);
}

/** What the script of the console fills. */
const CONSOLE = '<div id="console"></div>';

function withData(element: string, data: Readonly<Record<string, string>>): string {
  const attributes = Object.entries(data).map(
    ([name, value]) =>
      ` data-${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}="${escapeHtml(value)}"`,
  );
  return element.replace(">", `${attributes.join("")}>`);
}

function allowIssuer(folder: string, signIn: SignIn): void {
  const path = join(folder, "_headers");
  const [, policy] = /^ {2}Content-Security-Policy: (default-src .*)$/m.exec(readFileSync(path, "utf8")) ?? [];
  if (policy === undefined) throw new Error("expected the policy of all pages in _headers");
  appendFileSync(path, consoleHeaders(policy, signIn));
}

const fragment = (entry: Entry): string => readFileSync(join(SOURCE, entry, `${entry}.html`), "utf8").trim();

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

async function buildScripts(folder: string): Promise<Readonly<Record<Entry, Bundle>>> {
  const shared = { configFile: false, root: SOURCE, logLevel: "warn" } as const;
  await build({
    ...shared,
    build: {
      outDir: folder,
      emptyOutDir: false,
      manifest: true,
      target: "es2022",
      // Small images too stay files: a data: URL would need a hole in the policy.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rollupOptions: {
        input: Object.fromEntries(ENTRIES.map((entry) => [entry, join(SOURCE, entry, `${entry}-page.ts`)])),
      },
    },
  });
  // A service worker keeps its address for ever, and must be one file.
  await build({
    ...shared,
    publicDir: false,
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: "es2022",
      rollupOptions: { input: join(SOURCE, "sw.ts"), output: { entryFileNames: "sw.js" } },
    },
  });
  const manifest = JSON.parse(readFileSync(join(folder, ".vite/manifest.json"), "utf8")) as Record<
    string,
    ManifestChunk
  >;
  rmSync(join(folder, ".vite"), { recursive: true });
  const bundles = ENTRIES.map((entry) => [entry, bundleOf(manifest, `${entry}/${entry}-page.ts`)] as const);
  return Object.fromEntries(bundles) as Record<Entry, Bundle>;
}

/** The script of an entry, the chunks that it cannot start without, and the styles of all of them. */
function bundleOf(manifest: Readonly<Record<string, ManifestChunk>>, key: string): Bundle {
  const chunks = new Map<string, ManifestChunk>();
  const visit = (name: string) => {
    const chunk = manifest[name];
    if (chunk === undefined) throw new Error(`expected ${name} in the manifest of Vite`);
    if (chunks.has(name)) return;
    chunks.set(name, chunk);
    for (const imported of chunk.imports ?? []) visit(imported);
  };
  visit(key);
  const [script, ...others] = [...chunks.values()].map(({ file }) => `/${file}`);
  if (script === undefined) throw new Error(`expected a script of ${key}`);
  // What is imported comes first, so that the styles of a page may override those of all pages.
  const inOrder = [...chunks.values()].toReversed();
  const styles = [...new Set(inOrder.flatMap(({ css = [] }) => css))].map((file) => `/${file}`);
  return { script, preload: others, styles };
}
