/**
 * `npm run generators`: what others make of the description of the API. Redocly judges it as OpenAPI 3.1 and 3.0, as a
 * directory serves them; openapi-typescript and @hey-api/openapi-ts make clients of both; these compile, and publish and
 * claim at that directory. With --kotlin Maven builds a Kotlin client by openapi-generator too, and runs it; that takes
 * minutes. The tools are pinned in test/generators; the registries are needed for them.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { build } from "esbuild";
import { startWorker } from "./lib/local-worker.ts";
import { buildPages } from "./lib/pages/build.ts";
import { installPinned } from "./lib/pinned-tools.ts";
import { EXPECTED, errandFor } from "./lib/send-errand.ts";
import { newIssuer } from "./lib/tokens.ts";
import { bundle, readDeployment } from "./lib/worker-deployment.ts";

const TOOLS = resolve(import.meta.dirname, "../test/generators");
const OUT = join(TOOLS, "out");
const tool = (name: string) => join(TOOLS, "node_modules/.bin", name);
const VERSIONS = { "3.1": "/openapi.json", "3.0": "/openapi-3.0.json" } as const;
const STORIES = ["openapi-fetch", "hey-api"] as const;

installPinned(TOOLS);
rmSync(OUT, { recursive: true, force: true });
const issuer = await newIssuer();
const pages = mkdtempSync(join(tmpdir(), "kpd-pages-"));
await buildPages(pages);
const directory = await startWorker({
  deployment: readDeployment(),
  pages,
  script: bundle("src/worker.ts"),
  variables: issuer.settings,
});
try {
  for (const [version, path] of Object.entries(VERSIONS)) {
    const folder = join(OUT, version);
    cpSync(join(TOOLS, "stories"), folder, { recursive: true });
    const description = join(folder, "openapi.json");
    writeFileSync(description, await (await fetch(directory.address + path)).text());
    await lint(version, description);
    await run(tool("openapi-typescript"), [description, "--output", join(folder, "schema.d.ts")]);
    await run(tool("openapi-ts"), ["--input", description, "--output", join(folder, "hey-api"), "--silent"]);
  }
  await run(tool("tsc"), ["-p", TOOLS]);
  console.log("✓ the generated clients, and programs that use them, compile");
  for (const version of Object.keys(VERSIONS)) {
    for (const story of STORIES) await tell(version, story);
  }
  if (process.argv.includes("--kotlin")) await tellInKotlin(join(OUT, "3.1", "openapi.json"));
} finally {
  await directory.stop();
  rmSync(pages, { recursive: true });
}

/** Recommended rules, and warnings count. */
async function lint(version: string, description: string): Promise<void> {
  const printed = await run(tool("redocly"), ["lint", "--extends", "recommended", "--format", "json", description]);
  const { totals, problems } = JSON.parse(printed) as { totals: Record<string, number>; problems: unknown[] };
  const findings = Object.values(totals).reduce((sum, count) => sum + count, 0);
  if (findings > 0)
    throw new Error(`OpenAPI ${version}: expected no finding, got ${JSON.stringify(problems, null, 2)}`);
  console.log(`✓ OpenAPI ${version}: no finding of Redocly's recommended rules`);
}

/** Runs a program with a generated client as a user of its own. */
async function tell(version: string, story: string): Promise<void> {
  const file = join(OUT, version, `${story}.mjs`);
  await build({
    entryPoints: [join(OUT, version, `${story}.ts`)],
    outfile: file,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
  });
  const errand = await errandFor(`${story}-${version}`, directory.address, issuer);
  expectSeen(`${story} of OpenAPI ${version}`, await run(process.execPath, [file, JSON.stringify(errand)]));
}

/** Builds the Kotlin client and its program, and runs it. */
async function tellInKotlin(description: string): Promise<void> {
  const maven = ["-B", "-ntp", "-q", "-f", join(TOOLS, "kotlin/pom.xml"), `-Ddescription=${description}`];
  await run("mvn", [...maven, "compile"]);
  const errand = join(OUT, "errand.json");
  writeFileSync(errand, JSON.stringify(await errandFor("kotlin", directory.address, issuer)));
  const printed = await run("mvn", [...maven, "exec:java", `-Dexec.args=${errand}`]);
  expectSeen("Kotlin by openapi-generator", printed);
}

function expectSeen(who: string, printed: string): void {
  const expected = JSON.stringify(EXPECTED);
  // Maven colours even where there is no terminal.
  const seen = stripVTControlCharacters(printed).trim();
  if (seen !== expected) throw new Error(`${who}: expected ${expected}, got ${seen}`);
  console.log(`✓ ${who}: ${expected}`);
}

/** What it printed. The error of one that fails has all of it. */
async function run(command: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, args, {
      cwd: TOOLS,
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    return stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(" ")} failed\n${stdout}${stderr}`);
  }
}
