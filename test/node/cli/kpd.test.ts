import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS, findCommand } from "../../../src/cli/commands.ts";
import { Given } from "../../../src/cli/given.ts";
import { nodeProblem } from "../../../src/cli/node-version.ts";
import { fromHex, peers, readShared, sharedMissing } from "../support/vectors.ts";
import { kpd as inProcess } from "./support/kpd.ts";

const NOW = "1795467034";
const openmlsWasm = peers().filter((vector) => vector.source.startsWith("openmls"));
const compressed = peers().find((vector) => vector.cipher_suite === 2);

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kpd-cli-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function kpd(args: readonly string[], input = "") {
  const run = spawnSync("npm", ["run", "-s", "kpd", "--", ...args], { input, encoding: "utf8" });
  return { status: run.status, lines: run.stdout.split("\n").filter(Boolean), stderr: run.stderr };
}

const base64url = (hex: string) => Buffer.from(fromHex(hex)).toString("base64url");

describe("kpd validate", () => {
  it("answers one line for each package, hex or base64url, MLSMessage or bare, and goes on after a bad line", () => {
    const [first, second] = openmlsWasm;
    if (!first || !second || !compressed) throw new Error("no vectors");
    const file = join(folder, "packages.txt");
    writeFileSync(
      file,
      `${first.hex}\n${base64url(second.hex)}\r\nnot a package!\n${base64url(`00010005${first.hex}`)}\n`,
    );
    const run = kpd(["validate", "--json", "--at", NOW, "--max-lifetime", "none", file, "-"], `${compressed.hex}\n`);
    const answers = run.lines.map((line) => JSON.parse(line));
    const fine = { ok: true, ciphersuite: 3, last_resort: false, warnings: [] };
    expect(answers).toEqual([
      { index: 0, ...fine, ref: first.ref },
      { index: 1, ...fine, ref: second.ref },
      { index: 2, ok: false, code: "malformed", detail: expect.any(String) },
      { index: 3, ...fine, ref: first.ref },
      { index: 4, ok: false, code: "invalid_signature_key", detail: expect.any(String) },
    ]);
    expect(run.status).toBe(1);
  });

  it.skipIf(sharedMissing)(
    `takes the numbers of suites as the profile has them, by option or by the directory's setting ${sharedMissing ?? ""}`,
    () => {
      type Vectors = { clock: number; cases: { suite: string; hex: string; ref: string }[] };
      const { clock, cases } = readShared<Vectors>("pq-openmls.json");
      const input = cases.map(({ hex }) => `${hex}\n`).join("");
      const args = ["validate", "--json", "--policy", "openmls", "--at", String(clock)];
      const run = kpd([...args, "--profile", "openmls-0.9"], input);
      const answers = run.lines.map((line) => JSON.parse(line));
      expect(answers.map(({ ok, ciphersuite, ref }) => ({ ok, ciphersuite, ref }))).toEqual(
        cases.map(({ suite, ref }) => ({ ok: true, ciphersuite: Number.parseInt(suite, 16), ref })),
      );
      expect(run.status).toBe(0);
      const unknown = kpd(args, input);
      expect(new Set(unknown.lines.map((line) => JSON.parse(line).code))).toEqual(new Set(["unsupported_ciphersuite"]));
    },
  );

  it.skipIf(sharedMissing)(
    `accepts what OpenMLS accepts under its profile, and marks what a directory refuses ${sharedMissing ?? ""}`,
    () => {
      type Vectors = { clock: number; cases: { name: string; hex: string }[] };
      const { clock, cases } = readShared<Vectors>("pq-openmls.json");
      const args = ["validate", "--json", "--profile", "openmls-0.9", "--at", String(clock)];
      const input = cases.map(({ hex }) => `${hex}\n`).join("");
      const run = kpd(args, input);
      expect(run.status).toBe(0);
      const answers = run.lines.map((line) => JSON.parse(line));
      expect(answers.filter(({ ok }) => ok)).toHaveLength(cases.length);
      const refused = kpd([...args, "--policy", "directory"], input).lines.map((line) => JSON.parse(line).code);
      expect(answers.map((answer) => answer.refused_by_directory?.code)).toEqual(refused);
      expect(new Set(refused)).toEqual(
        new Set([
          undefined,
          "credential_not_in_capabilities",
          "leaf_extension_not_in_capabilities",
          "protocol_version_not_in_capabilities",
          "unsupported_credential_type",
        ]),
      );
    },
  );

  it("asks OpenMLS under its profile, says what a directory would refuse, and follows a policy that is given", async () => {
    if (!compressed) throw new Error("no vectors");
    const profile = ["validate", "--profile", "openmls-0.9", "--at", NOW];
    const stdin = compressed.hex;
    const plain = await inProcess(profile, { stdin });
    expect(plain.out).toMatch(/^0: ok, ciphersuite 2, ref .*\(.*a directory refuses it: invalid_signature_key: /);
    expect(plain.status).toBe(0);
    const bySetting = await inProcess(["validate", "--at", NOW], {
      stdin,
      env: { CIPHERSUITE_PROFILE: "openmls-0.9" },
    });
    expect(bySetting).toEqual(plain);
    expect((await inProcess([...profile, "--policy", "directory"], { stdin })).out).toMatch(
      /^0: invalid_signature_key/,
    );
    expect((await inProcess([...profile, "--policy", "openmls"], { stdin })).out).not.toContain("a directory");
  });

  it("follows the policy: OpenMLS accepts a compressed key and any lifetime", () => {
    if (!compressed) throw new Error("no vectors");
    const run = kpd(["validate", "--json", "--policy", "openmls", "--at", NOW], compressed.hex);
    expect(JSON.parse(run.lines[0] ?? "")).toMatchObject({ ok: true, ciphersuite: 2, ref: compressed.ref });
    expect(run.status).toBe(0);
    const strict = kpd(["validate", "--json", "--at", NOW], peers()[0]?.hex);
    expect(JSON.parse(strict.lines[0] ?? "")).toMatchObject({ ok: false, code: "lifetime_too_long" });
  });

  it("ends with 2 on wrong usage, and says how to use it", async () => {
    for (const args of [
      [],
      ["nothing"],
      ["validate", "--policy", "lax"],
      ["validate", "--at", "now"],
      ["validate", "--at", "1", "--at", "2"],
      ["validate", "absent.txt"],
      ["validate", "."],
      ["inspect", "."],
      ["inspect"],
      ["admin"],
      ["admin", "nothing"],
    ]) {
      const run = await inProcess(args);
      expect(run.status, args.join(" ")).toBe(2);
      expect(run.err).toContain("usage:");
    }
    const run = kpd(["validate", "."]);
    expect(run).toMatchObject({ status: 2, lines: [], stderr: expect.stringContaining("usage:") });
  });

  it.each([
    [["cliam"], 'kpd: there is no command "cliam"; did you mean kpd claim?'],
    [["inpsect", "file.txt"], 'kpd: there is no command "inpsect file.txt"; did you mean kpd inspect?'],
    [["admin", "tops"], 'kpd: there is no command "admin tops"; did you mean kpd admin top?'],
    [["validate", "--polcy", "openmls"], "kpd validate: there is no option --polcy; did you mean --policy?"],
    [["validate", "--nonsense"], "kpd validate: there is no option --nonsense\n"],
    [["nonsense"], 'kpd: there is no command "nonsense"\n'],
  ])("says what may be meant by %j", async (args, said) => {
    const run = await inProcess(args);
    expect(run.status).toBe(2);
    expect(run.err.startsWith(said), run.err).toBe(true);
    expect(run.err).toContain("usage:");
  });

  it("answers for the files before one that fails while it is read", () => {
    const file = join(folder, "good.txt");
    writeFileSync(file, `${openmlsWasm[0]?.hex}\n`);
    // Opens, and cannot be read at 0.
    const run = kpd(["validate", "--json", "--at", NOW, "--max-lifetime", "none", file, "/proc/self/mem"]);
    expect(run.lines.map((line) => JSON.parse(line))).toMatchObject([{ index: 0, ok: true }]);
    expect(run.stderr).toContain("cannot read /proc/self/mem: ");
    expect(run.stderr).not.toMatch(/^\s+at /m);
    expect(run.status).toBe(2);
  });

  it("refuses standard input given twice, before it reads any", () => {
    const run = kpd(["validate", "--json", "-", "-"], `${openmlsWasm[0]?.hex}\n`);
    expect(run).toMatchObject({ status: 2, lines: [], stderr: expect.stringContaining("given twice") });
  });

  it("takes a blank line for nothing, wherever it is, and says when there is nothing else", async () => {
    const run = kpd(["validate", "--json", "--at", NOW, "--max-lifetime", "none"], `\n${openmlsWasm[0]?.hex}\n \r\n\n`);
    expect(run).toMatchObject({ status: 0, lines: [expect.stringContaining('"ok":true')] });
    for (const command of ["validate", "inspect"]) {
      for (const nothing of ["", "\n", " \r\n\t\n"]) {
        const run = await inProcess([command], { stdin: nothing });
        expect(run).toMatchObject({ status: 2, out: "", err: expect.stringContaining("there is no") });
      }
    }
  });
});

describe("kpd", () => {
  it("shows help with examples for each command, and its version", async () => {
    const overview = await inProcess(["--help"]);
    expect(overview).toMatchObject({ status: 0, err: "" });
    for (const { name } of COMMANDS) {
      expect(overview.out).toContain(`  ${name} `);
      const help = await inProcess([...name.split(" "), "--help"]);
      expect(help).toMatchObject({ status: 0, err: "" });
      expect(help.out).toMatch(new RegExp(`usage: kpd ${name}[^]*Examples:\n  kpd ${name}`));
    }
    expect((await inProcess(["admin", "--help"])).out).toContain("  admin stock ");
    expect(kpd(["--version"]).lines).toEqual([JSON.parse(readFileSync("package.json", "utf8")).version]);
  });

  it("has examples that can be read as they are written", () => {
    for (const { examples } of COMMANDS) {
      for (const example of examples) {
        const words = [...example.replace(/ [<>|] .*$/, "").matchAll(/"([^"]*)"|(\S+)/g)].map(
          ([, a, b]) => a ?? b ?? "",
        );
        const found = findCommand(words);
        expect(() => found && Given.read(found.command, found.rest), example).not.toThrow();
        expect(found, example).toBeDefined();
      }
    }
  });

  it("ends in silence when its reader has read enough, and with a message when its output cannot be written", () => {
    const shell = (line: string) => spawnSync("bash", ["-o", "pipefail", "-c", line], { encoding: "utf8" });
    const many = join(folder, "many.txt");
    writeFileSync(many, `${openmlsWasm[0]?.hex}\n`.repeat(100));
    expect(shell(`node src/cli/main.ts inspect ${many} | head -1`)).toMatchObject({ status: 0, stderr: "" });
    const full = shell("node src/cli/main.ts --help > /dev/full");
    expect(full.stderr).toMatch(/^cannot write to standard output: [^\n]*\n$/);
    expect(full.status).toBe(2);
  });

  it("says which Node it needs", () => {
    expect(nodeProblem("20.19.0")).toContain("kpd needs Node 22 or newer, and this is 20.19.0");
    expect(["22.0.0", "26.1.0"].map(nodeProblem)).toEqual([undefined, undefined]);
  });

  it("has colours on a terminal, and neither with NO_COLOR nor in a pipe", () => {
    const file = join(folder, "coloured.txt");
    writeFileSync(file, `${openmlsWasm[0]?.hex}\n`);
    const line = `node src/cli/main.ts validate --at ${NOW} --max-lifetime none ${file}`;
    // script(1) gives the command a terminal.
    const terminal = (env: Readonly<Record<string, string>>) =>
      spawnSync("script", ["-qec", line, "/dev/null"], {
        encoding: "utf8",
        input: "",
        env: { ...process.env, TERM: "xterm", NO_COLOR: "", ...env },
      }).stdout;
    expect(terminal({})).toContain("\u001b[32mok");
    expect(terminal({ NO_COLOR: "1" })).toMatch(/^0: ok, ciphersuite 3/m);
    expect(terminal({ TERM: "dumb" })).toMatch(/^0: ok, ciphersuite 3/m);
    const piped = kpd(["validate", "--at", NOW, "--max-lifetime", "none", file]);
    expect(piped.lines).toEqual([`0: ok, ciphersuite 3, ref ${openmlsWasm[0]?.ref}`]);
    expect(piped.stderr).toBe("");
  });
});

describe("kpd inspect", () => {
  it("shows every field by its name in RFC 9420", () => {
    const run = kpd(["inspect"], openmlsWasm[0]?.hex);
    const text = run.lines.join("\n");
    for (const field of [
      "version",
      "cipher_suite",
      "init_key",
      "leaf_node",
      "encryption_key",
      "signature_key",
      "credential",
      "capabilities",
      "cipher_suites",
      "proposals",
      "leaf_node_source",
      "not_before",
      "not_after",
      "extensions",
      "signature",
    ]) {
      expect(text).toMatch(new RegExp(`^ *${field}:`, "m"));
    }
    expect(text).toContain(openmlsWasm[0]?.ref);
    expect(run.status).toBe(0);
  });
});
