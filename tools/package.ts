/**
 * `npm run package [-- FOLDER]`: the library as others install it, by default in dist/package: ES modules with source
 * maps and types, and a package.json that depends on what the library needs and on nothing that the directory needs.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

type Manifest = {
  readonly version: string;
  readonly license: string;
  readonly homepage: string;
  readonly bugs: object;
  readonly repository: object;
  readonly keywords: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
};

/**
 * Every entry by the name under which it is imported. X.509 alone needs an ASN.1 library, and post-quantum suites their
 * arithmetic, so those are optional.
 */
const ENTRIES = {
  ".": "mls/index",
  "./mls": "mls/index",
  "./post-quantum": "mls/post-quantum/index",
  "./x509": "mls/x509/index",
} as const;
const NEEDED = ["@noble/curves", "@noble/hashes"] as const;
const OPTIONAL = ["@noble/post-quantum", "@peculiar/x509"] as const;

const folder = resolve(process.argv[2] ?? "dist/package");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
build(folder);
for (const file of files(folder).filter((name) => name.endsWith(".d.ts"))) nameModulesAsTheyAre(file);
writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
for (const file of ["LICENSE", "CHANGELOG.md"]) cpSync(file, join(folder, file));
cpSync("docs/library.md", join(folder, "README.md"));
console.log(`${folder}: ${files(folder).length} files`);

function build(outDir: string): void {
  const options = ["--outDir", outDir, "--sourceMap", "--inlineSources", "--declarationMap"];
  const { status } = spawnSync("tsc", ["-p", "tsconfig.build.json", ...options], { stdio: "inherit" });
  if (status !== 0) throw new Error("tsc failed");
}

/** The compiler rewrites the imports of code and not those of declarations. */
function nameModulesAsTheyAre(file: string): void {
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replaceAll(/(from |import\()"(\.{1,2}\/[^"]*)\.ts"/g, '$1"$2.js"'));
}

function manifest(): object {
  const own = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
  const versions = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, `^${own.dependencies[name] ?? missing(name)}`]));
  return {
    name: "mls-key-directory",
    version: own.version,
    description: "KeyPackages of MLS (RFC 9420): make, inspect and validate them, in pure JavaScript",
    keywords: own.keywords.filter((word) => !/cloudflare|durable/.test(word)),
    license: own.license,
    homepage: own.homepage,
    bugs: own.bugs,
    repository: own.repository,
    type: "module",
    sideEffects: false,
    engines: { node: ">=20.19" },
    exports: {
      ...Object.fromEntries(
        Object.entries(ENTRIES).map(([name, path]) => [
          name,
          { types: `./${path}.d.ts`, default: `./${mustExist(`${path}.js`)}` },
        ]),
      ),
      "./package.json": "./package.json",
    },
    dependencies: versions(NEEDED),
    peerDependencies: versions(OPTIONAL),
    peerDependenciesMeta: Object.fromEntries(OPTIONAL.map((name) => [name, { optional: true }])),
    publishConfig: { access: "public", provenance: true },
  };
}

function mustExist(path: string): string {
  return existsSync(join(folder, path)) ? path : missing(path);
}

function missing(what: string): never {
  throw new Error(`expected ${what}`);
}

function files(root: string): string[] {
  return readdirSync(root, { withFileTypes: true, recursive: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );
}
