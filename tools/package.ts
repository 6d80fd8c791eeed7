/**
 * `npm run package [-- FOLDER]`: what others install, by default in dist/package. The library and the SDK are ES modules
 * with types, maps and the sources that these point to; `kpd` is one file with what it needs. The package depends on what
 * the library imports, and on nothing that the directory needs.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { build } from "esbuild";

type Manifest = {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly homepage: string;
  readonly bugs: string;
  readonly repository: object;
  readonly keywords: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Entry>>;
};

type Entry = { readonly types: string; readonly default: string };

/** The rooms of src that are installed. */
const ROOMS = ["mls", "client"] as const;
/** What `.` is. */
const MAIN_ENTRY = "./mls";
const NEEDED = ["@noble/curves", "@noble/hashes"] as const;
/** What `./hpke`, `./post-quantum` or `./x509` alone needs: who imports one of them installs it. */
const OPTIONAL = [
  "@hpke/chacha20poly1305",
  "@hpke/core",
  "@hpke/dhkem-x448",
  "@noble/post-quantum",
  "@peculiar/x509",
  "asn1js",
] as const;
const COMMAND = "bin/kpd.js";

const folder = resolve(process.argv[2] ?? "dist/package");
const own = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const room of ROOMS) cpSync(join("src", room), join(folder, "src", room), { recursive: true });
compile();
for (const file of files(join(folder, "dist"))) {
  if (file.endsWith(".map")) pointAtSources(file);
  else if (file.endsWith(".d.ts")) nameModulesAsTheyAre(file);
}
await refuseUndeclared();
await bundleCommand();
writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
for (const file of ["LICENSE", "CHANGELOG.md"]) cpSync(file, join(folder, file));
writeFileSync(join(folder, "README.md"), withAbsoluteLinks(readFileSync("docs/library.md", "utf8")));
console.log(`${folder}: ${files(folder).length} files. To install it in another project:

  npm pack ${folder}
  npm install ${resolve(`${own.name}-${own.version}.tgz`)}    # there`);

function compile(): void {
  const options = ["--outDir", join(folder, "dist"), "--sourceMap", "--declarationMap"];
  const { status } = spawnSync("tsc", ["-p", "tsconfig.build.json", ...options], { stdio: "inherit" });
  if (status !== 0) throw new Error("tsc failed");
}

/** The compiler rewrites the imports of code and not those of declarations. */
function nameModulesAsTheyAre(file: string): void {
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replaceAll(/(from |import\()"(\.{1,2}\/[^"]*)\.ts"/g, '$1"$2.js"'));
}

/** From the sources of this repository to the copies in the package. */
function pointAtSources(file: string): void {
  const map = JSON.parse(readFileSync(file, "utf8")) as { readonly sources: readonly string[] };
  const sources = map.sources.map((source) => {
    const copy = join(folder, relative(".", resolve(dirname(file), source)));
    return relative(dirname(file), existsSync(copy) ? copy : missing(copy));
  });
  writeFileSync(file, JSON.stringify({ ...map, sources }));
}

/** What a module imports, the package must declare, or its import fails at those who install it. */
async function refuseUndeclared(): Promise<void> {
  const { metafile } = await build({
    entryPoints: files(join(folder, "dist")).filter((file) => file.endsWith(".js")),
    outdir: join(folder, "unwritten"),
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    write: false,
    metafile: true,
  });
  for (const { imports } of Object.values(metafile.outputs)) {
    for (const { path } of imports) {
      const isDeclared = [...NEEDED, ...OPTIONAL].some((name) => path.startsWith(`${name}/`) || path === name);
      if (!isDeclared && !path.startsWith("node:"))
        throw new Error(`the library imports ${path}, which is not declared`);
    }
  }
}

/** kpd with zod and jose in it: who only uses the library does not install them. Their licences go with them. */
async function bundleCommand(): Promise<void> {
  const { metafile } = await build({
    entryPoints: ["src/cli/main.ts"],
    outfile: join(folder, COMMAND),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    external: [...NEEDED],
    metafile: true,
  });
  const inside = Object.keys(metafile.inputs).flatMap(
    (path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [],
  );
  const licences = [...new Set(inside)].sort().map((name) => `# ${name}\n\n${licenceOf(name)}`);
  writeFileSync(
    join(folder, dirname(COMMAND), "LICENSES.md"),
    `kpd.js has code of these packages in it.\n\n${licences.join("\n")}`,
  );
}

function licenceOf(name: string): string {
  const home = join("node_modules", name);
  const file = readdirSync(home).find((entry) => /^licen[cs]e/i.test(entry));
  return readFileSync(join(home, file ?? missing(`a licence of ${name}`)), "utf8");
}

function manifest(): object {
  const versions = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, `^${own.dependencies[name] ?? missing(name)}`]));
  const main = own.exports[MAIN_ENTRY] ?? missing(MAIN_ENTRY);
  return {
    name: own.name,
    version: own.version,
    description:
      "KeyPackages of MLS (RFC 9420): make, inspect and validate them in pure JavaScript, and the client of the MLS Key Directory",
    keywords: own.keywords.filter((word) => !/cloudflare|durable/.test(word)),
    license: own.license,
    homepage: own.homepage,
    bugs: own.bugs,
    repository: own.repository,
    type: "module",
    sideEffects: false,
    engines: { node: ">=20.19" },
    exports: Object.fromEntries(
      Object.entries({ ".": main, ...own.exports }).map(([name, entry]) => [name, exists(entry)]),
    ),
    bin: { kpd: COMMAND },
    dependencies: versions(NEEDED),
    peerDependencies: versions(OPTIONAL),
    peerDependenciesMeta: Object.fromEntries(OPTIONAL.map((name) => [name, { optional: true }])),
    publishConfig: { access: "public", provenance: true },
  };
}

/** The entry, if all that it names is in the package. */
function exists(entry: string | Entry): string | Entry {
  const paths = typeof entry === "string" ? [] : [entry.types, entry.default];
  return paths.every((path) => existsSync(join(folder, path))) ? entry : missing(paths.join(" and "));
}

/** A page of the repository's docs as one that is read elsewhere. */
function withAbsoluteLinks(page: string): string {
  const docs = own.homepage.replace("#readme", "/blob/main/docs/");
  return page.replaceAll(/\]\((?!https?:|#)([^)]+)\)/g, (_, path: string) => `](${docs}${path})`);
}

function missing(what: string): never {
  throw new Error(`expected ${what}`);
}

function files(root: string): string[] {
  return readdirSync(root, { withFileTypes: true, recursive: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );
}
