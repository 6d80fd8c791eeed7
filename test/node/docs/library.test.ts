/** docs/library.md has the codes of the library beside those of the directory: every one of both, and none that is not. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import manifest from "../../../package.json" with { type: "json" };
import { resultCodes } from "../../../src/http/resources/key-packages/result-codes.ts";

const PAGE = "docs/library.md";
const ERRORS = "src/mls/errors.ts";

const rows = [...readFileSync(PAGE, "utf8").matchAll(/^\| (`[A-Z][^|]+`) \| (`[a-z][^|]+`) \|$/gm)].map(
  ([, ours = "", theirs = ""]) => ({ ours: codesIn(ours), theirs: codesIn(theirs) }),
);

function codesIn(text: string): string[] {
  return [...text.matchAll(/`(\w+)`/g)].map(([, code = ""]) => code);
}

/** Codes of failures that a package received from others may have, by the types that name them. */
function codesOf(...types: readonly string[]): string[] {
  const source = readFileSync(ERRORS, "utf8");
  return types.flatMap((type) => {
    const [, body = ""] =
      new RegExp(`^export type ${type} =([^]*?)^(?=/\\*\\*|export)`, "m").exec(`${source}\nexport`) ?? [];
    return [...body.matchAll(/code: ((?:"\w+"(?: \| )?)+)/g)].flatMap(([, codes = ""]) =>
      [...codes.matchAll(/"(\w+)"/g)].map(([, code = ""]) => code),
    );
  });
}

it("has every code of the library with which a received package may be refused", () => {
  const types = ["DecodeError", "UnknownCiphersuiteError", "LifetimeError", "KeyPackageVerifyError"];
  const codes = codesOf(...types, "UnsupportedByProviderError");
  expect(codes.length).toBeGreaterThan(12);
  expect(new Set(rows.flatMap(({ ours }) => ours))).toEqual(new Set(codes));
});

it("has every entry of the package in its table", () => {
  const table =
    readFileSync(PAGE, "utf8")
      .match(/^\| `mls-key-directory.*$/gm)
      ?.join("\n") ?? "";
  const entries = Object.keys(manifest.exports).filter((name) => name !== "./package.json");
  expect(entries.filter((name) => !table.includes(`\`mls-key-directory${name.slice(1)}\``))).toEqual([]);
});

it("has no command that would fetch a package of this name from a registry, where it is not", () => {
  expect(readFileSync(PAGE, "utf8")).not.toMatch(/npx mls-key-directory|npm (?:install|i) mls-key-directory/);
});

it("names codes that the directory answers", () => {
  const unknown = rows.flatMap(({ theirs }) => theirs).filter((code) => !resultCodes.includes(code as never));
  expect(unknown).toEqual([]);
});
