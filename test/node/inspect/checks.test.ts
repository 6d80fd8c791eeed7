/** Which check a verdict is about: the order of the tables is the order in which the judges look. */
import { describe, expect, it } from "vitest";
import { checksBehind, type Judge } from "../../../src/inspect/checks.ts";
import { type Answer, judgeAsDirectory, judgeAsOpenMls } from "../../../src/inspect/judge.ts";
import { locate } from "../../../src/inspect/located.ts";
import { fieldsWithHeader, open } from "../../../src/inspect/open.ts";
import { FORGED_NOW, type Forgery, forge } from "../../support/forge.ts";

const key = (byte: number, length = 32) => new Uint8Array(length).fill(byte);
const now = BigInt(FORGED_NOW);
const unlisted = { extensionType: 0x0f0f, data: new Uint8Array(0) };

/** Component 0x0004 of an app data dictionary, with one byte. */
const LAST_RESORT_WITH_DATA = { extensionType: 6, data: Uint8Array.of(4, 0, 4, 1, 9) };

type Defect = readonly [title: string, change: Partial<Forgery>];

/** One defect for each check that a signed package of a known suite can fail, in the order of the checks. */
const DIRECTORY: readonly Defect[] = [
  ["It has at most 16384 bytes", { credential: key(65, 20_000) }],
  ["The version is mls10", { version: 2 }],
  ["Extensions may be in a KeyPackage", { keyPackageExtensions: [{ extensionType: 1, data: Uint8Array.of(0) }] }],
  ["A last resort component has no data", { keyPackageExtensions: [LAST_RESORT_WITH_DATA] }],
  ["The leaf is one of a KeyPackage", { source: 2 }],
  ["init_key has the length of its suite", { initKey: key(9, 31) }],
  ["encryption_key has the length of its suite", { encryptionKey: key(9, 33) }],
  ["init_key and encryption_key differ", { initKey: key(9), encryptionKey: key(9) }],
  ["signature_key has the length of its suite, uncompressed", { signatureKey: key(9, 31) }],
  ["Capabilities list at most 128 of a kind", { proposals: Array.from({ length: 129 }, (_, i) => 1000 + i) }],
  ["Capabilities list the version", { versions: [2] }],
  ["Capabilities list the ciphersuite", { ciphersuites: [2] }],
  ["Capabilities list the credential", { credentials: [2] }],
  ["Capabilities list the extensions of the KeyPackage", { keyPackageExtensions: [unlisted] }],
  ["Capabilities list the extensions of the leaf", { leafExtensions: [unlisted] }],
  ["The lifetime is not over", { notAfter: now }],
  ["The whole lifetime is within the maximum", { notBefore: 0n }],
  ["encryption_key is a good public key", { encryptionKey: key(0) }],
  ["signature_key is a good public key", { signatureKey: key(0) }],
  ["The signature of the leaf verifies in every implementation", { breakLeafSignature: true }],
  ["The signature of the KeyPackage verifies in every implementation", { breakSignature: true }],
];

const OPENMLS: readonly Defect[] = [
  ["The leaf is one of a KeyPackage", { source: 2 }],
  ["The signature of the leaf verifies", { breakLeafSignature: true }],
  ["The version is mls10", { version: 2 }],
  ["init_key and encryption_key differ", { initKey: key(9), encryptionKey: key(9) }],
  ["Extensions may be in a KeyPackage", { keyPackageExtensions: [{ extensionType: 1, data: Uint8Array.of(0) }] }],
  ["The signature of the KeyPackage verifies", { breakSignature: true }],
  ["Capabilities list the extensions of the KeyPackage", { keyPackageExtensions: [unlisted] }],
  ["The lifetime is not over", { notAfter: now }],
];

const JUDGES: Readonly<Record<Judge, (bytes: Uint8Array) => Promise<Answer>>> = {
  openmls: (bytes) => judgeAsOpenMls(bytes, FORGED_NOW),
  directory: async (bytes) => {
    const [answer] = await judgeAsDirectory([bytes], FORGED_NOW);
    if (answer === undefined) throw new Error("expected an answer");
    return answer;
  },
};

async function checksOf(judge: Judge, change: Partial<Forgery> = {}) {
  const bytes = forge(change);
  const located = locate(fieldsWithHeader(open(bytes)));
  return checksBehind(judge, await JUDGES[judge](bytes), { length: bytes.length, located });
}

async function failedCheck(judge: Judge, change: Partial<Forgery>): Promise<string | undefined> {
  const checks = await checksOf(judge, change);
  return checks.find(({ outcome }) => outcome === "failed")?.title;
}

describe.each([
  ["directory", DIRECTORY],
  ["openmls", OPENMLS],
] as const)("the checks of %s", (judge, defects) => {
  it.each(defects)("name the one that fails: %s", async (title, change) => {
    expect(await failedCheck(judge, change)).toBe(title);
  });

  it("are in the order of the judge: of two defects the first in the table is named", async () => {
    for (const [index, [title, change]] of defects.entries()) {
      for (const [, later] of defects.slice(index + 1)) {
        // What both of them change would be only one defect.
        if (Object.keys(later).some((field) => field in change)) continue;
        expect([title, Object.keys(later), await failedCheck(judge, { ...later, ...change })]).toEqual([
          title,
          Object.keys(later),
          title,
        ]);
      }
    }
  });

  it("have all passed where the package is good", async () => {
    const checks = await checksOf(judge);
    const made = checks.filter(({ outcome }) => outcome !== "not checked here");
    expect(made.map(({ outcome }) => outcome)).toEqual(made.map(() => "passed"));
  });

  it("say what came where they have passed, each of what it looked at", async () => {
    const lists = { extensions: [10, 0x0f0f], keyPackageExtensions: [{ extensionType: 10, data: new Uint8Array(0) }] };
    const checks = await checksOf(judge, { initKey: key(9), ...lists });
    const came = new Map(checks.map((check) => [check.title, check.outcome === "passed" ? check.came : undefined]));
    const wanted: [string, string | RegExp][] = [
      ["The bytes are a KeyPackage and nothing else", /^\d+ bytes$/],
      ["The version is mls10", "1 mls10"],
      ["The leaf is one of a KeyPackage", "1 key_package"],
      [
        "init_key and encryption_key differ",
        /^leaf_node\.encryption_key [0-9a-f]{16}… \(32 bytes\); init_key 0909090909090909… \(32 bytes\)$/,
      ],
      ["Extensions may be in a KeyPackage", "10 last_resort"],
      [
        "Capabilities list the extensions of the KeyPackage",
        "leaf_node.capabilities.extensions 10 last_resort, 3855; extensions 10 last_resort",
      ],
      ["The lifetime is not over", /^\d+ \(?\d{4}-/],
    ];
    for (const [title, text] of wanted) expect([title, came.get(title)]).toEqual([title, expect.stringMatching(text)]);
  });

  it("that need a directory are named as not checked here, whatever the verdict is", async () => {
    for (const change of [{}, { version: 2 }]) {
      const checks = await checksOf(judge, change);
      const unchecked = checks.filter(({ outcome }) => outcome === "not checked here").map(({ code }) => code);
      expect(unchecked).toEqual(
        judge === "openmls" ? [] : ["signature_key_mismatch", "credential_identity_mismatch", "x509_untrusted"],
      );
      expect(checks.slice(0, checks.length - unchecked.length).some(({ code }) => unchecked.includes(code))).toBe(
        false,
      );
    }
  });

  it("that follow the one that fails were not reached", async () => {
    const checks = await checksOf(judge, { version: 2 });
    const failed = checks.findIndex(({ outcome }) => outcome === "failed");
    expect(checks.slice(0, failed).every(({ outcome }) => outcome === "passed")).toBe(true);
    expect(checks.slice(failed + 1).every(({ outcome }) => /^not (?:reached|checked here)$/.test(outcome))).toBe(true);
    expect(checks[failed]).toMatchObject({ detail: "expected protocol version 1 (mls10), got 2" });
  });
});
