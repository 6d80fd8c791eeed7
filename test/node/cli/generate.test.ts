/** `kpd generate`: what it makes is valid, and its private keys are in one file that is closed to others. */
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deserializeKeyPackageBundle } from "../../../src/mls/index.ts";
import { kpd } from "./support/kpd.ts";

let folder: string;
let keys: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kpd-generate-"));
  keys = join(folder, "keys.json");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const generate = (...args: string[]) => kpd(["generate", "--identity", "alice", ...args]);
const read = (file: string) => JSON.parse(readFileSync(file, "utf8"));
const bytes = (text: string) => new Uint8Array(Buffer.from(text, "base64url"));

describe("kpd generate", () => {
  it.each(["base64url", "hex", "pem", "binary"])("makes valid packages of every suite, in %s", async (format) => {
    const out = join(folder, "packages");
    const suites = format === "base64url" ? "1,2,3,4,5,6,7" : "1,2";
    const args = ["--keys", keys, "--ciphersuite", suites, "--count", "2", "--last-resort", "--format", format];
    expect(await generate(...args, "--out", out)).toEqual({ status: 0, out: "", err: "" });
    const { status, out: answers } = await kpd(["validate", "--json", out]);
    expect(status).toBe(0);
    const parsed = answers
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(parsed.map((answer) => [answer.ciphersuite, answer.last_resort])).toEqual(
      suites.split(",").flatMap((suite) => [false, false, true].map((isLast) => [Number(suite), isLast])),
    );
    const kept: { key_package_ref: string }[] = read(keys).key_packages;
    expect(kept.map((entry) => Buffer.from(entry.key_package_ref, "base64url").toString("hex"))).toEqual(
      parsed.map(({ ref }) => ref),
    );
  });

  it("keeps private keys in the file alone, closed to others, and uses its signature key again", async () => {
    const first = await generate("--keys", keys);
    expect(statSync(keys).mode & 0o777).toBe(0o600);
    const pair = read(keys).signature_keys.ed25519;
    const second = await generate("--keys", keys, "--count", "3");
    expect(statSync(keys).mode & 0o777).toBe(0o600);
    expect(read(keys).signature_keys).toEqual({ ed25519: pair });
    expect(read(keys).key_packages).toHaveLength(4);
    expect(readdirSync(folder)).toEqual(["keys.json"]);
    const secrets = [bytes(pair.private)];
    for (const { bundle } of read(keys).key_packages) {
      const opened = deserializeKeyPackageBundle(bytes(bundle));
      if (!opened.ok) throw new Error(opened.error.message);
      secrets.push(opened.value.initPrivateKey().asSlice(), opened.value.encryptionPrivateKey().asSlice());
    }
    const printed = Buffer.concat(`${first.out}${second.out}`.split("\n").map((line) => bytes(line)));
    for (const secret of secrets) expect(printed.includes(secret)).toBe(false);
  });

  it("makes packages of a profile's suites, which kpd validates and shows with their algorithms", async () => {
    const profile = ["--profile", "openmls-0.9"];
    const { status, out } = await generate("--keys", keys, ...profile, "--ciphersuite", "77,2311");
    expect(status).toBe(0);
    expect(Object.keys(read(keys).signature_keys)).toEqual(["ed25519", "mldsa87"]);
    const validated = await kpd(["validate", "--json", ...profile], { stdin: out });
    const answers = validated.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(answers.map(({ ok, ciphersuite }) => [ok, ciphersuite])).toEqual([
      [true, 77],
      [true, 2311],
    ]);
    const bySetting = await kpd(["inspect"], { stdin: out, env: { CIPHERSUITE_PROFILE: "openmls-0.9" } });
    expect(bySetting.out).toContain("cipher_suite: 77 MLS_256_XWING_CHACHA20POLY1305_SHA256_Ed25519\n");
    expect(bySetting.out).toContain("mlkem1024, aes-256-gcm, SHA-384, mldsa87 (profile openmls-0.9)\n");
    expect((await kpd(["validate", "--json"], { stdin: out })).out).toContain('"unsupported_ciphersuite"');
    const unknown = await kpd(["validate", "--profile", "openmls"], { stdin: out });
    expect([unknown.status, unknown.err]).toEqual([
      2,
      expect.stringContaining("--profile must be one of rfc9420, openmls-0.9"),
    ]);
    const foreign = await generate("--keys", keys, "--ciphersuite", "77");
    expect([foreign.status, foreign.err]).toEqual([
      2,
      expect.stringContaining("--ciphersuite: expected 1, 2, 3, 4, 5, 6, 7, got 77"),
    ]);
  });

  it("prints private keys only when it is asked to", async () => {
    const out = join(folder, "packages");
    const { status, out: printed } = await generate("--print-private-keys", "--out", out);
    expect(status).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({ signature_keys: { ed25519: { private: expect.any(String) } } });
    expect((await kpd(["validate", out])).status).toBe(0);
  });

  it("refuses a key file that others can read, that is something else, or that is being written", async () => {
    await generate("--keys", keys);
    const before = readFileSync(keys, "utf8");
    chmodSync(keys, 0o644);
    expect(await generate("--keys", keys)).toMatchObject({
      status: 2,
      out: "",
      err: expect.stringContaining("chmod 600"),
    });
    chmodSync(keys, 0o600);
    writeFileSync(`${keys}.part`, "");
    expect(await generate("--keys", keys)).toMatchObject({
      status: 2,
      out: "",
      err: expect.stringContaining("another kpd"),
    });
    rmSync(`${keys}.part`);
    expect(readFileSync(keys, "utf8")).toBe(before);
    for (const other of ["", "{}", "not json", '{"format":2,"signature_keys":{},"key_packages":[]}']) {
      writeFileSync(keys, other);
      expect(await generate("--keys", keys)).toMatchObject({
        status: 2,
        out: "",
        err: expect.stringContaining("not a key file"),
      });
      expect(readFileSync(keys, "utf8")).toBe(other);
    }
    expect(existsSync(`${keys}.part`)).toBe(false);
  });

  it.each<[string, string[], string]>([
    ["no key file", [], "--keys is needed"],
    ["an unknown suite", ["--ciphersuite", "8"], "got 8"],
    ["a suite twice", ["--ciphersuite", "1,1"], "twice"],
    ["a suite that is no number", ["--ciphersuite", "1,"], 'got ""'],
    ["nothing", ["--count", "0"], "makes nothing"],
    ["too many", ["--count", "10001"], "at most 10000"],
    ["a negative count", ["--count=-1"], 'got "-1"'],
    ["another format", ["--format", "der"], 'got "der"'],
    ["keys both ways", ["--print-private-keys", "--out", "x", "--keys", "y"], "exclude each other"],
    ["keys and packages on one output", ["--print-private-keys"], "--out must"],
    ["an argument", ["alice"], 'unexpected argument "alice"'],
    ["a folder that is not there", ["--keys", "absent/keys.json"], "cannot write"],
  ])("refuses %s as wrong usage", async (_, args, message) => {
    const { status, err, out } = await generate(...args);
    expect({ status, out }).toEqual({ status: 2, out: "" });
    expect(err).toContain(message);
  });
});
