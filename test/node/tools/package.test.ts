/** The package as others install it: in a folder of its own, with what it says it needs and nothing else. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../../..");
const MIB = 1024 * 1024;

let folder: string;
let said: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kpd-consumer-"));
  const installed = join(folder, "node_modules", "mls-key-directory");
  said = execFileSync(process.execPath, [join(ROOT, "tools/package.ts"), join(folder, "package")], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const packed = execFileSync("npm", ["pack", "--json", "--pack-destination", folder, join(folder, "package")], {
    encoding: "utf8",
  });
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", join(folder, filename), "-C", installed, "--strip-components=1"]);
  for (const name of ["@noble/curves", "@noble/hashes"]) {
    cpSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name), { recursive: true });
  }
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  writeFileSync(join(folder, "consumer.mjs"), CONSUMER);
  writeFileSync(
    join(folder, "consumer.ts"),
    `${CONSUMER}\nconst ref: Uint8Array = made.value[0]!.keyPackage().bytes;\nvoid ref;\n`,
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CONSUMER = `import { KeyPackageDirectory, memoryStorage } from "mls-key-directory/client";
import { generateKeyPackages, newIdentity, validateKeyPackages } from "mls-key-directory";
const now = 1_800_000_000;
const identity = await newIdentity("alice");
const made = await generateKeyPackages({ identity, count: 3, lastResort: true, now });
if (!made.ok) throw new Error(made.error.message);
const list = made.value.map((bundle) => bundle.keyPackage().toMlsMessage());
const results = await validateKeyPackages(list, { now });
console.log(results.map(({ ok }) => ok).join());
const platform = { fetch: async () => Response.json({ user: "bob", clients: [] }) };
const account = { url: "https://directory.test", audience: "mls-key-directory", user: "alice", client: "phone", token: async () => "token" };
const directory = new KeyPackageDirectory({ ...account, storage: memoryStorage(), platform });
console.log(JSON.stringify(await directory.listClients("bob")));
`;

/** The Node that npm scripts run, and that of the machine, if it is another. */
const NODES = [process.execPath, "/usr/bin/node", "/usr/local/bin/node"].filter(
  (path, index, all) => existsSync(path) && all.indexOf(path) === index,
);

it("says how it is installed elsewhere, which is as it is done here", () => {
  expect(said).toContain(`npm pack ${join(folder, "package")}`);
  expect(said).toMatch(/npm install \S*mls-key-directory-\d+\.\d+\.\d+\.tgz/);
});

it.each(NODES)("makes and validates packages under %s", (node) => {
  const run = spawnSync(node, ["consumer.mjs"], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  expect(run.stderr).toBe("");
  expect(run.stdout.trim()).toBe('true,true,true,true\n{"user":"bob","clients":[]}');
});

it.each(["nodenext", "bundler"])("has types for a strict consumer that resolves modules as %s does", (resolution) => {
  const module = resolution === "nodenext" ? "nodenext" : "preserve";
  const options = ["--strict", "--noEmit", "--target", "es2024", "--lib", "es2024,dom", "--types", ""];
  const run = spawnSync(
    join(ROOT, "node_modules/.bin/tsc"),
    [...options, "--module", module, "--moduleResolution", resolution, "consumer.ts"],
    { cwd: folder, encoding: "utf8" },
  );
  expect(run.stdout).toBe("");
  expect(run.status).toBe(0);
});

it("is bundled for browsers without anything of a platform, and small", async () => {
  const { outputFiles } = await build({
    entryPoints: [join(folder, "consumer.mjs")],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2024",
    write: false,
  });
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  expect(code.length).toBeGreaterThan(10_000);
  expect(gzipSync(code).length).toBeLessThanOrEqual(48 * 1024);
});

it("takes at most 6 MiB on disk with all that it needs", () => {
  const files = readdirSync(join(folder, "node_modules"), { withFileTypes: true, recursive: true });
  const bytes = files.reduce(
    (sum, entry) => sum + (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0),
    0,
  );
  expect(bytes).toBeGreaterThan(MIB);
  expect(bytes).toBeLessThanOrEqual(6 * MIB);
});

it("brings nothing of the service, and the sources of all that its maps name", () => {
  const installed = join(folder, "node_modules", "mls-key-directory");
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as { dependencies: object };
  expect(Object.keys(manifest.dependencies)).toEqual(["@noble/curves", "@noble/hashes"]);
  const paths = readdirSync(installed, { withFileTypes: true, recursive: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );
  const maps = paths.filter((path) => path.endsWith(".map"));
  expect(maps.length).toBeGreaterThan(100);
  for (const map of maps) {
    const { sources } = JSON.parse(readFileSync(map, "utf8")) as { sources: string[] };
    expect(sources.filter((source) => !existsSync(join(map, "..", source)))).toEqual([]);
  }
  const code = paths.filter((path) => /dist\/.*\.(js|d\.ts)$/.test(path)).map((path) => readFileSync(path, "utf8"));
  expect(code.filter((text) => /\bfrom "(zod|hono|jose|\.[^"]*\.ts|[^"]*\/http\/)/.test(text))).toEqual([]);
});

it("has the command kpd, which knows its version", () => {
  const kpd = join(folder, "node_modules", "mls-key-directory", "bin", "kpd.js");
  const made = spawnSync(process.execPath, [kpd, "generate", "--help"], { cwd: folder, encoding: "utf8" });
  expect(made.stderr).toBe("");
  expect(made.stdout).toContain("kpd generate");
  const version = spawnSync(process.execPath, [kpd, "--version"], { cwd: folder, encoding: "utf8" });
  const own = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  expect(version.stdout).toContain(own.version);
});

it("says where X.509 is to be had when its library is missing", () => {
  const script = `import { x509Verifier } from "mls-key-directory/x509";
await x509Verifier([]).catch((error) => console.log(error.code, error.message));`;
  writeFileSync(join(folder, "x509.mjs"), script);
  const run = spawnSync(process.execPath, ["x509.mjs"], { cwd: folder, encoding: "utf8" });
  expect(run.stdout).toContain("ERR_MODULE_NOT_FOUND");
  expect(run.stdout).toContain("@peculiar/x509");
});
