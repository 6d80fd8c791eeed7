/**
 * `npm run consumers`: the package as others meet it. It is packed, judged by publint and attw, installed into a fresh
 * folder, and used there by each runtime and bundler, against a directory that runs for it alone. Prints sizes, and fails
 * if one is over its limit. The tools are pinned in test/consumers; the registry is needed for them and for noble.
 */
import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build, type Plugin } from "esbuild";
import { LOCAL_AUDIENCE } from "../src/cli/remote/local-issuer.ts";
import { type LocalWorker, startWorker } from "./lib/local-worker.ts";
import { installPinned } from "./lib/pinned-tools.ts";
import { table } from "./lib/table.ts";
import { type Issuer, newIssuer } from "./lib/tokens.ts";
import { bundle, readDeployment } from "./lib/worker-deployment.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const ROOT = resolve(import.meta.dirname, "..");
const TOOLS = join(ROOT, "test/consumers");
const HERMES_FOLDER: Readonly<Record<string, string>> = { linux: "linux64-bin", darwin: "osx-bin", win32: "win64-bin" };
const tool = (name: string) => join(TOOLS, "node_modules/.bin", name);
/** The compiler has no command of its own in npm's package. */
const HERMESC = join(TOOLS, "node_modules/hermes-compiler/hermesc", HERMES_FOLDER[process.platform] ?? "", "hermesc");
const NODE_20 = join(TOOLS, "node_modules/node/bin/node");
const INSTALLED_LIMIT_MIB = 6;

/** What an application imports, and the most that may cost: gzip of the minified bundle. `without` is not in it. */
const SIZES: readonly { what: string; code: string; limitKib: number; without?: "noble and library" }[] = [
  { what: "decode", code: `export { inspectKeyPackage } from "mls-key-directory"`, limitKib: 8 },
  {
    what: "validate, with noble's hashes",
    code: `export { validateKeyPackages } from "mls-key-directory"`,
    limitKib: 24,
  },
  {
    what: "SDK of a claimer, without noble and library",
    code: `export { KeyPackageDirectory, indexedDbStorage } from "mls-key-directory/client"`,
    limitKib: 6.5,
    without: "noble and library",
  },
  {
    what: "SDK of an owner, without noble and library",
    code: `export {
      KeyPackageDirectory, indexedDbStorage, libraryMaker, Replenisher, welcomeRefs,
    } from "mls-key-directory/client"`,
    limitKib: 10.5,
    without: "noble and library",
  },
  {
    what: "SDK whole, without noble and library",
    code: `export * from "mls-key-directory/client"`,
    limitKib: 11,
    without: "noble and library",
  },
  { what: "SDK whole, with noble and library", code: `export * from "mls-key-directory/client"`, limitKib: 52 },
];

/** What an application sees that does all that it should. */
const EXPECTED = { valid: 4, claimed: 1, opened: true, reachable: true };

/** Leaves noble and the library out of a bundle of the SDK. */
const WITHOUT_CRYPTO: Plugin = {
  name: "without-crypto",
  setup: ({ onResolve }) => onResolve({ filter: /^@noble\/|\/mls\// }, ({ path }) => ({ path, external: true })),
};

const OPTIONAL_ENTRIES = `import * as hpke from "mls-key-directory/hpke";
import * as x509 from "mls-key-directory/x509";
await x509.x509Verifier([]);
console.log(Object.keys({ ...hpke, ...x509 }).join());`;

const CALLED_FROM_COMMONJS = `console.log(typeof require("mls-key-directory").validateKeyPackages);
console.log(typeof require("mls-key-directory/client").Replenisher)`;

const folder = mkdtempSync(join(tmpdir(), "kpd-consumer-"));
const failed: string[] = [];
try {
  installPinned(TOOLS);
  const tarball = pack();
  await check("publint", () => run(tool("publint"), [tarball, "--strict"]));
  await check("attw", () =>
    run(tool("attw"), [tarball, "--profile", "esm-only", "--format", "ascii", "--no-color"]).then(
      () => "every entry resolves, by Node and by bundlers",
    ),
  );
  await check("install", () => install(tarball));
  await checkSizes();
  await check("types: TypeScript of attw", () => run(tool("tsc"), ["-p", folder]).then(() => "strict, libraries too"));
  await check("types: TypeScript of this project", () =>
    run("tsc", ["-p", folder]).then(() => "strict, libraries too"),
  );
  await check("command line", () => run(join(folder, "node_modules/.bin/kpd"), ["--version"]));
  await checkBundlers();
  await checkRuntimes();
  await check("./hpke and ./x509 with what they need", optionalEntries);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (failed.length > 0) console.error(`consumers: failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;

async function check(name: string, prove: () => string | Promise<string>): Promise<void> {
  try {
    console.log(`✓ ${name}: ${(await prove()).trim().split("\n").at(-1)}`);
  } catch (error) {
    console.error(`✗ ${name}: ${error instanceof Error ? error.message : String(error)}`);
    failed.push(name);
  }
}

/** What it printed. The error of one that fails has all of it. */
async function run(command: string, args: readonly string[], cwd = folder): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, args, { cwd, env: { ...process.env, NODE_OPTIONS: "" } });
    return stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(" ")} failed\n${stdout}${stderr}`);
  }
}

function pack(): string {
  execFileSync(process.execPath, [join(ROOT, "tools/package.ts"), join(folder, "packed")], { cwd: ROOT });
  const packed = execFileSync("npm", ["pack", "--json", "--pack-destination", folder, join(folder, "packed")]);
  const [{ filename, size, unpackedSize }] = JSON.parse(packed.toString()) as [
    { readonly filename: string; readonly size: number; readonly unpackedSize: number },
  ];
  console.log(`${filename}: ${kib(size)} KiB packed, ${kib(unpackedSize)} KiB unpacked`);
  return join(folder, filename);
}

/** Installs it beside the application's own files, and weighs what came. */
async function install(tarball: string): Promise<string> {
  for (const file of ["app.ts", "page.ts", "index.html", "tsconfig.json", "vite.config.js"])
    cpSync(join(TOOLS, file), join(folder, file));
  await run("npm", ["init", "-y", "--init-type=module"]);
  await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", tarball]);
  const modules = join(folder, "node_modules");
  const packages = readdirSync(modules).flatMap((name) =>
    name.startsWith("@") ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
  );
  const names = packages.filter((name) => !name.startsWith(".")).sort();
  const bytes = bytesBelow(modules);
  const expected = ["@noble/curves", "@noble/hashes", "mls-key-directory"];
  if (names.join() !== expected.join()) throw new Error(`expected ${expected.join()}, got ${names.join()}`);
  if (bytes > INSTALLED_LIMIT_MIB * MIB) throw new Error(`expected at most ${INSTALLED_LIMIT_MIB} MiB, got ${bytes} B`);
  return `${names.join(", ")}: ${(bytes / MIB).toFixed(1)} MiB on disk, at most ${INSTALLED_LIMIT_MIB}`;
}

async function checkSizes(): Promise<void> {
  const rows: string[][] = [];
  for (const { what, code, limitKib, without } of SIZES) {
    await check(`size: ${what}`, async () => {
      const bytes = await bundled(code, without === undefined ? [] : [WITHOUT_CRYPTO]);
      const gzip = gzipSync(bytes, { level: 9 }).length;
      rows.push([what, kib(bytes.length), kib(gzip), String(limitKib)]);
      if (gzip > limitKib * KIB) throw new Error(`expected at most ${limitKib} KiB gzip, got ${kib(gzip)}`);
      return `${kib(gzip)} KiB gzip`;
    });
  }
  console.log(table(["bundle by esbuild", "KiB", "KiB gzip", "at most"], rows));
}

async function bundled(contents: string, plugins: Plugin[], format: "esm" | "iife" = "esm"): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: folder, loader: "ts" },
    bundle: true,
    minify: true,
    format,
    platform: "browser",
    target: "es2022",
    write: false,
    plugins,
  });
  const [file] = outputFiles;
  if (!file) throw new Error("esbuild gave no bundle");
  return file.contents;
}

/** What a bundler makes must run, not only be made. */
async function checkBundlers(): Promise<void> {
  const PAGE_PRINTS = "true,true";
  await check("Vite", async () => {
    await run(tool("vite"), ["build", "--logLevel", "warn"]);
    const [file = ""] = readdirSync(join(folder, "dist/assets"));
    return expectText(await run(process.execPath, [join("dist/assets", file)]), PAGE_PRINTS);
  });
  await check("esbuild", async () => {
    writeFileSync(join(folder, "page.mjs"), await bundled('import "./page.ts"', []));
    return expectText(await run(process.execPath, ["page.mjs"]), PAGE_PRINTS);
  });
  // It compiles, ahead of time as for an app with React Native; a Hermes to run it in is not to be had from npm.
  await check("Hermes compiles library and SDK", async () => {
    const everything = `export * as mls from "mls-key-directory"; export * as client from "mls-key-directory/client"`;
    writeFileSync(join(folder, "hermes.js"), await bundled(everything, [], "iife"));
    await run(HERMESC, ["-emit-binary", "-O", "-w", "-out", "app.hbc", "hermes.js"]);
    return `${kib(statSync(join(folder, "app.hbc")).size)} KiB of bytecode`;
  });
}

async function checkRuntimes(): Promise<void> {
  const issuer = await newIssuer();
  const directory = await startWorker({
    deployment: readDeployment(),
    script: bundle("src/worker.ts"),
    variables: issuer.settings,
  });
  try {
    // Node 20 takes no types.
    writeFileSync(join(folder, "app.mjs"), await withoutTypes("app.ts"));
    for (const node of [NODE_20, process.execPath]) {
      const version = (await run(node, ["--version"])).trim();
      await check(`Node ${version}`, () => app(directory, issuer, version, node, ["app.mjs"]));
      await check(`Node ${version} by require`, () => run(node, ["--eval", CALLED_FROM_COMMONJS]));
    }
    await check("types: Deno", () => run(tool("deno"), ["check", "--quiet", "app.ts"]).then(() => "strict"));
    await check("Deno", () => app(directory, issuer, "deno", tool("deno"), ["run", "--quiet", "-A", "app.ts"]));
    await check("Bun", () => app(directory, issuer, "bun", tool("bun"), ["run", "app.ts"]));
  } finally {
    await directory.stop();
  }
}

/** Installs what the package calls optional, in the versions that it names, and loads the entries that need it. */
async function optionalEntries(): Promise<string> {
  const text = readFileSync(join(folder, "packed/package.json"), "utf8");
  const { peerDependencies } = JSON.parse(text) as { readonly peerDependencies: Readonly<Record<string, string>> };
  const wanted = Object.entries(peerDependencies).map(([name, range]) => `${name}@${range}`);
  await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", ...wanted]);
  return run(NODE_20, ["--input-type=module", "--eval", OPTIONAL_ENTRIES]);
}

/** Runs test/consumers/app.ts as a user of its own. */
async function app(
  directory: LocalWorker,
  issuer: Issuer,
  name: string,
  command: string,
  args: readonly string[],
): Promise<string> {
  const person = async (user: string, client: string, scope: string) => ({
    user,
    client,
    token: await issuer.token(user, client, scope),
  });
  const place = {
    url: directory.address,
    audience: LOCAL_AUDIENCE,
    owner: await person(`owner-${name}`, "phone", "key-packages:publish"),
    claimer: await person(`claimer-${name}`, "laptop", "key-packages:claim"),
  };
  return expectText(await run(command, [...args, JSON.stringify(place)]), JSON.stringify(EXPECTED));
}

async function withoutTypes(file: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [join(folder, file)],
    format: "esm",
    target: "es2022",
    write: false,
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

function expectText(printed: string, expected: string): string {
  if (printed.trim() !== expected) throw new Error(`expected ${expected}, got ${printed.trim()}`);
  return expected;
}

function bytesBelow(root: string): number {
  const entries = readdirSync(root, { withFileTypes: true, recursive: true });
  return entries.reduce((sum, e) => sum + (e.isFile() ? statSync(join(e.parentPath, e.name)).size : 0), 0);
}

function kib(bytes: number): string {
  return (bytes / KIB).toFixed(1);
}
