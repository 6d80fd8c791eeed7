/**
 * The code in the docs. What stands in a file of docs/examples is compiled and run there; of all other blocks this holds:
 * they parse, and those of TypeScript compile against the package. Commands are looked at by commands.test.ts.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { transformSync } from "esbuild";
import { parse as parseToml } from "smol-toml";
import { describe, expect, it } from "vitest";
import { exampleFiles } from "../../../tools/lib/pages/example-files.ts";

const ROOT = resolve(import.meta.dirname, "../../..");

type Block = { readonly file: string; readonly where: string; readonly lang: string; readonly code: string };

/** Signatures, generated from the types themselves. */
const GENERATED = "docs/api.md";

const files = [
  ...readdirSync(ROOT).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`)
    .filter((file) => file !== GENERATED),
];

const blocks: Block[] = files.flatMap((file) => {
  const text = readFileSync(join(ROOT, file), "utf8");
  return [...text.matchAll(/^([ \t]*)```(\w*)\n([\s\S]*?)^\1```/gm)].map((match) => ({
    file,
    where: `${file}:${text.slice(0, match.index).split("\n").length}`,
    lang: match[2] ?? "",
    code: match[3] ?? "",
  }));
});

const of = (...langs: string[]) => blocks.filter(({ lang }) => langs.includes(lang));

const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
};

/** Entry points of the package, by the name by which they are imported; packing makes `./mls` the main one too. */
const ENTRIES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({ ".": exports["./mls"] ?? "", ...exports }).flatMap(([name, target]) =>
    typeof target === "string"
      ? []
      : [[name.replace(/^\./, "mls-key-directory"), target.default.replace(/^\.\/dist\/(.*)\.js$/, "src/$1.ts")]],
  ),
);

describe("the code in the docs", () => {
  it("is there to be checked", () => {
    expect(of("ts").length).toBeGreaterThan(5);
  });

  it("parses, in TypeScript, JSON and TOML", () => {
    const broken: string[] = [];
    const tryOut = ({ where }: Block, parse: () => unknown) => {
      try {
        parse();
      } catch (error) {
        broken.push(`${where}: ${String(error).slice(0, 200)}`);
      }
    };
    for (const block of of("ts", "js")) {
      // Lines out of the middle of a function are no module, but they are a function.
      tryOut(block, () => {
        try {
          transformSync(block.code, { loader: "ts", logLevel: "silent" });
        } catch {
          transformSync(`async function* lines() {${block.code}}`, { loader: "ts", logLevel: "silent" });
        }
      });
    }
    for (const block of of("json")) tryOut(block, () => JSON.parse(block.code));
    for (const block of of("toml")) tryOut(block, () => parseToml(block.code));
    expect(broken).toEqual([]);
  });

  it("has names of its reader's own only where a page has code", () => {
    const pages = new Set(of("ts").map(({ file }) => file));
    expect(Object.keys(OF_THE_READER).filter((file) => !pages.has(file))).toEqual([]);
  });

  it("compiles, with the types of what the package exports; a wrong call and a name that is not exported do not", () => {
    const wrong = [
      'import { verifyReceipt } from "mls-key-directory/receipts";\nverifyReceipt(1, { keys: [] });\n',
      'import { nothing } from "mls-key-directory";\nnothing();\n',
    ].map((code, at) => ({ file: "wrong", where: `wrong:${at}`, lang: "ts", code }));
    expect(compilerErrors([...of("ts"), ...wrong]).map((error) => error.replace(/(TS\d+):.*/, "$1"))).toEqual([
      "wrong_0.ts(2,15): error TS2345",
      "wrong_1.ts(1,10): error TS2305",
    ]);
  });

  it("compiles as a copy of an example too, outside of this repository", () => {
    const copies = Object.entries(exampleFiles(ROOT)).filter(([name]) => name.endsWith(".ts"));
    expect(copies.length).toBeGreaterThan(10);
    expect(errorsIn(Object.fromEntries(copies), ["node"])).toEqual([]);
    const [name, text = ""] = copies.find(([file]) => file.endsWith("keep-stocked.ts")) ?? [];
    expect(errorsIn({ [`${name}`]: text.replace("readonly replenish", "readonly refill") }, [])).not.toEqual([]);
  });
});

const CLIENT = 'import("mls-key-directory/client")';

/** What an application has already where the code of a page begins. The same name is the same thing on one page. */
const OF_THE_READER: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "README.md": { bytes: "Uint8Array" },
  "docs/library.md": {
    encryptedGroupInfo: "Uint8Array",
    groupSecrets: "Uint8Array",
    keyPackage: 'import("mls-key-directory").KeyPackage',
    bundle: 'import("mls-key-directory").KeyPackageBundle',
  },
  "docs/receipts.md": {
    receipt: "string",
    ref: "string",
    ciphersuite: "number",
    signatureKey: "Uint8Array",
    notAfter: "number",
    lastResort: "boolean",
  },
  "docs/web.md": {
    user: "string",
    deviceId: "string",
    fetchToken: "(scope: string, refresh: boolean) => Promise<string>",
    maker: `${CLIENT}.Maker`,
    report: "(error: unknown) => void",
  },
  "docs/react-native.md": {
    url: "string",
    audience: "string",
    user: "string",
    client: "string",
    token: `${CLIENT}.DirectoryOptions["token"]`,
    maker: `${CLIENT}.Maker`,
  },
  "docs/sdk.md": {
    url: "string",
    audience: "string",
    myBackend: "{ directoryToken(request: { scope: string; refresh: boolean }): Promise<string> }",
    credential: `${CLIENT}.LibraryMakerOptions["credential"]`,
    signers: `${CLIENT}.LibraryMakerOptions["signers"]`,
    groupId: "string",
    welcome: "Uint8Array",
    joinAndSave: "(keyPackage: Uint8Array, privateKeys: Uint8Array) => Promise<void>",
  },
  "docs/events.md": {
    Webhook: 'typeof import("standardwebhooks").Webhook',
    secret: "string",
    body: "string",
    request: "Request",
  },
  "docs/backends.md": {
    SignJWT: 'typeof import("jose").SignJWT',
    key: 'import("jose").CryptoKey',
    LIFETIME: "string",
    ...Object.fromEntries(["client", "scope", "kid", "issuer", "audience", "user"].map((name) => [name, "string"])),
  },
};

/** What a page tells its reader to copy beside the code, as it is copied. */
const COPIES = Object.fromEntries(
  Object.entries(exampleFiles(ROOT)).flatMap(([path, text]) =>
    ["keep-stocked.ts", "sqlite-storage.ts"].filter((name) => path.endsWith(`/${name}`)).map((name) => [name, text]),
  ),
);

/** Of packages that only the reader installs: the calls of theirs that a page shows. */
const FOREIGN = `declare module "expo-sqlite" {
  export function openDatabaseAsync(name: string): Promise<import("./sqlite-storage.ts").Database>;
}
`;

/** Each error that tsc finds in the blocks, all of them in one program. */
function compilerErrors(all: readonly Block[]): readonly string[] {
  const files = all.map(({ file, where, code }) => {
    // Lines out of the middle of a function are made one. What the reader has comes last, so that line numbers stay.
    const isModule = /^import /m.test(code);
    const names = Object.entries(OF_THE_READER[file] ?? {}).map(([name, type]) => `declare const ${name}: ${type};\n`);
    const text = isModule ? code : `export async function lines() { ${code} }\n`;
    return [`${where.replace(/[/:]/g, "_")}.ts`, `${text}${names.join("")}export {};\n`] as const;
  });
  return errorsIn({ ...Object.fromEntries(files), ...COPIES }, []);
}

/** Each error that tsc finds in one program of these files. `types` are of what runs them. */
function errorsIn(files: Readonly<Record<string, string>>, types: readonly string[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "kpd-docs-code-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "junction");
    writeFileSync(join(folder, "foreign.d.ts"), FOREIGN);
    const compilerOptions = { ...CONFIG.compilerOptions, types };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ ...CONFIG, compilerOptions }));
    const { stdout, error } = spawnSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", folder, "--pretty", "false"], {
      cwd: folder,
      encoding: "utf8",
    });
    if (error) throw error;
    // Lines that are indented go on with the error before.
    return stdout.split("\n").filter((line) => /^\S/.test(line));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As an application has it, but for the entries: those of the sources, so that nothing needs to be built before. */
const CONFIG = {
  compilerOptions: {
    target: "ES2024",
    module: "NodeNext",
    moduleResolution: "NodeNext",
    moduleDetection: "force",
    lib: ["ES2024", "DOM", "DOM.Iterable"],
    strict: true,
    noUncheckedIndexedAccess: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
    paths: Object.fromEntries(Object.entries(ENTRIES).map(([name, source]) => [name, [join(ROOT, source)]])),
  },
  include: ["**/*.ts"],
};
