/**
 * The gate: everything that must hold before a change is done. Prints what it runs, stops at nothing, and fails at the
 * end if a step has failed. `--no-tests` leaves the tests out, where they have just been run.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { WORKER_GZIP_LIMIT_KIB } from "./lib/bundle-limit.ts";

/** What a page imports that validates packages of any suite, and one that has crypto for suite 1 only. */
const BROWSER_ENTRIES = {
  "all suites": `
    export { KeyPackageIn, nobleCrypto, ProtocolVersion } from "./src/mls/index.ts";`,
  "one suite": `
    import { ed25519 } from "@noble/curves/ed25519.js";
    import { sha256 } from "@noble/hashes/sha2.js";
    export { KeyPackageIn, ProtocolVersion } from "./src/mls/index.ts";
    export const suite1 = {
      supports: (suite) => suite === 1 || suite.ciphersuite === 1,
      verify: async (_, { signature, message, publicKey }) =>
        ed25519.verify(signature, message, publicKey, { zip215: false }),
      hash: async (_, data) => sha256(data),
    };`,
};

type Step = { readonly name: string; readonly run: () => boolean | Promise<boolean> };

const failed: string[] = [];

for (const { name, run } of steps()) {
  console.log(`\n── ${name}`);
  if (!(await run())) failed.push(name);
}
console.log(failed.length === 0 ? "\nverify: all is well" : `\nverify: failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;

function steps(): Step[] {
  const script = (file: string, ...args: string[]) => command("node", [file, ...args]);
  return [
    {
      name: "format, lint, import cycles, arrows between folders",
      run: () => command("biome", ["ci", "--error-on-warnings", ...(process.stdout.isTTY ? [] : ["--colors=off"])]),
    },
    {
      name: "generated: Env",
      run: () => command("wrangler", ["types", "--include-runtime=false", "--strict-vars=false", "--check"]),
    },
    { name: "generated: OpenAPI", run: () => script("tools/generate-openapi.ts", "--check") },
    { name: "generated: the client's types", run: () => script("tools/generate-client-types.ts", "--check") },
    { name: "generated: API reference", run: () => script("tools/generate-api-reference.ts", "--check") },
    { name: "generated: alert rules", run: () => script("tools/generate-alert-rules.ts", "--check") },
    ...["tsconfig.json", "tsconfig.mls.json", "tsconfig.client.json", "tsconfig.web.json", "bench/tsconfig.json"].map(
      (project) => ({
        name: `types: ${project}`,
        run: () => command("tsc", ["-p", project]),
      }),
    ),
    ...(process.argv.includes("--no-tests") ? [] : [{ name: "tests", run: () => command("vitest", ["run"]) }]),
    { name: "dead code and unused dependencies", run: () => command("knip", []) },
    { name: "one copy of workerd", run: oneWorkerd },
    { name: `Worker bundle, at most ${WORKER_GZIP_LIMIT_KIB} KiB gzip`, run: workerBundle },
    { name: "browser bundle of ./mls", run: browserBundles },
    { name: "the package's own export and its command", run: packageContents },
    { name: "the package at those who install it", run: () => script("tools/consumers.ts") },
    { name: "clients that are generated from the description", run: () => script("tools/generators.ts") },
  ];
}

function command(name: string, args: readonly string[]): boolean {
  const { status, error } = spawnSync(name, args, {
    stdio: "inherit",
    env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
  });
  if (error) console.error(String(error));
  return status === 0;
}

/** Two versions would be two runtimes, and a test could pass in one that is never deployed. */
function oneWorkerd(): boolean {
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
    packages: Record<string, { version: string }>;
  };
  const copies = Object.entries(lock.packages).filter(([path]) => path.endsWith("node_modules/workerd"));
  for (const [path, { version }] of copies) console.log(`${path} ${version}`);
  return copies.length === 1;
}

function workerBundle(): boolean {
  const out = mkdtempSync(join(tmpdir(), "kpd-bundle-"));
  try {
    if (!command("wrangler", ["deploy", "--dry-run", "--env", "", "--outdir", out])) return false;
    const code = readdirSync(out).filter((file) => file.endsWith(".js"));
    const bytes = code.reduce((total, file) => total + gzipSync(readFileSync(join(out, file))).length, 0);
    console.log(`Worker: ${kib(bytes)} KiB gzip`);
    return bytes > 0 && bytes <= WORKER_GZIP_LIMIT_KIB * 1024;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

async function browserBundles(): Promise<boolean> {
  for (const [name, contents] of Object.entries(BROWSER_ENTRIES)) {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: process.cwd(), loader: "js" },
      bundle: true,
      minify: true,
      format: "esm",
      platform: "browser",
      target: "es2022",
      write: false,
    });
    const code = outputFiles[0]?.contents;
    if (!code) return false;
    console.log(`./mls, decode and validate, ${name}: ${kib(code.length)} KiB, ${kib(gzipSync(code).length)} KiB gzip`);
  }
  return true;
}

/** What `npm run build` makes must load by the name under which others import it, and run as a command. */
function packageContents(): boolean {
  rmSync("dist", { recursive: true, force: true });
  return (
    command("npm", ["run", "-s", "build"]) &&
    ["mls", "client", "client/node"].every((name) =>
      command("node", ["--input-type=module", "--eval", `await import("mls-key-directory/${name}")`]),
    ) &&
    command("node", ["dist/cli/main.js", "--version"])
  );
}

function kib(bytes: number): string {
  return (bytes / 1024).toFixed(1);
}
