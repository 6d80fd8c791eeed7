/** A deployment as far as it can be shown without an account: the dry run of a fresh clone, and every way a rollout may go. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import {
  type Entry,
  plannedCommands,
  type Ran,
  type RolloutOptions,
  rollBack,
  rollOut,
} from "../../../tools/lib/deploy/rollout.ts";
import type { Check } from "../../../tools/lib/deploy/smoke-test.ts";
import { readSettingsFile, readTarget, type Target } from "../../../tools/lib/deploy/target.ts";

const ROOT = resolve(import.meta.dirname, "../../..");

/** What git would clone if what is here were committed, with what `npm ci` installs. */
function freshClone(): string {
  const clone = mkdtempSync(join(tmpdir(), "kpd-clone-"));
  const { status, stdout } = spawnSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  expect(status).toBe(0);
  // A file that was removed and is not committed yet is still listed.
  const files = stdout.split("\0").filter((file) => file !== "" && existsSync(join(ROOT, file)));
  for (const file of files) cpSync(join(ROOT, file), join(clone, file));
  symlinkSync(join(ROOT, "node_modules"), join(clone, "node_modules"));
  return clone;
}

const contents = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
    .map((entry) => join(entry.parentPath, entry.name))
    // What git ignores: wrangler's own files, and the web pages.
    .filter((path) => !/^(?:\.wrangler|build)\//.test(relative(folder, path)))
    .toSorted()
    .map((path) => `${relative(folder, path)}\n${readFileSync(path, "latin1")}`);

describe("a fresh clone", () => {
  it("is built for staging, production and the button without an account, and stays clean", () => {
    const clone = freshClone();
    const home = mkdtempSync(join(tmpdir(), "kpd-home-"));
    try {
      const before = contents(clone);
      expect(readdirSync(clone)).not.toContain("build");
      for (const environment of ["staging", "production", undefined]) {
        const { status, stdout, stderr } = spawnSync(
          "node",
          ["tools/deploy.ts", "--dry-run", ...(environment === undefined ? [] : ["--env", environment])],
          {
            cwd: clone,
            encoding: "utf8",
            // No network: whatever is asked for goes to a port where nothing listens.
            env: {
              PATH: process.env.PATH,
              HOME: home,
              HTTPS_PROXY: "http://127.0.0.1:9",
              HTTP_PROXY: "http://127.0.0.1:9",
              AUTH_ISSUER: "https://issuer.test",
              AUTH_AUDIENCE: "",
              AUTH_JWKS_URL: "",
            },
          },
        );
        expect([status, stderr]).toEqual([0, ""]);
        const name = environment === undefined ? "mls-key-directory" : `mls-key-directory-${environment}`;
        expect(stdout).toContain(`env.DB (${name})`);
        expect(stdout).toContain('env.AUTH_ISSUER ("(hidden)")');
        expect(stdout).toContain(`wrangler d1 create ${name}`);
        expect(stdout.includes("versions deploy NEW@10 SERVING@90")).toBe(environment === "production");
        expect(stdout).toContain("put AUTH_AUDIENCE, AUTH_JWKS_URL into deploy.");
      }
      expect(contents(clone)).toEqual(before);
    } finally {
      for (const folder of [clone, home]) rmSync(folder, { recursive: true, force: true });
    }
  });

  it("has no id of an account or a database in wrangler.toml", () => {
    const text = readFileSync(join(ROOT, "wrangler.toml"), "utf8");
    expect(text).not.toMatch(/database_id|account_id|zone_id/);
    expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}|[0-9a-f]{32}/);
  });

  it("binds the same in each environment, and describes each of them for the Deploy button, and no other", () => {
    type Section = Record<string, unknown> & { env: Record<string, Record<string, unknown>> };
    const { env: environments, ...top } = parse(
      readFileSync(join(ROOT, "wrangler.toml"), "utf8"),
    ) as unknown as Section;
    expect(Object.keys(environments)).toEqual(["staging", "production"]);
    const namespaces = new Set([top, ...Object.values(environments)].map((one) => JSON.stringify(one.ratelimits)));
    // Requests of one environment must not count in another.
    expect(namespaces.size).toBe(3);
    for (const section of Object.values(environments)) expect(bindingsOf(section)).toEqual(bindingsOf(top));
    const described = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).cloudflare.bindings;
    expect(Object.keys(described).toSorted()).toEqual(bindingsOf(top).toSorted());
    const example = readFileSync(join(ROOT, ".dev.vars.example"), "utf8");
    expect(Object.keys(readSettingsFile(".dev.vars.example", example))).toEqual(Object.keys(top.vars as object));
  });
});

/** Keys of a section that bind nothing. Whatever else there is does, also what is added one day. */
const NOT_BINDINGS = new Set([
  ...["name", "main", "compatibility_date", "minify", "keep_names", "upload_source_maps"],
  ...["assets", "build", "limits", "migrations", "observability"],
]);

function bindingsOf(section: Record<string, unknown>): string[] {
  type Binding = { readonly binding?: string; readonly name?: string };
  type Bound = readonly Binding[] | (Binding & { readonly bindings?: readonly Binding[] });
  return Object.entries(section).flatMap(([key, value]) => {
    if (NOT_BINDINGS.has(key)) return [];
    if (key === "vars") return Object.keys(value as object);
    const bound = value as Bound;
    const list: readonly Binding[] = "length" in bound ? bound : (bound.bindings ?? [bound]);
    return list.map(({ binding, name }) => binding ?? name ?? `of ${key}`);
  });
}

const TARGET: Target = {
  environment: "production",
  worker: "directory-production",
  databases: [{ binding: "DB", name: "directory-production" }],
  settings: { AUTH_ISSUER: "https://issuer.test" },
  pages: {},
};
const GRADUAL: RolloutOptions = { url: "https://directory.test", percentages: [10, 50, 100], pauseMs: 1 };
const AT_ONCE: RolloutOptions = { ...GRADUAL, url: undefined, percentages: [] };

const PASS: readonly Check[] = [{ name: "it is ready", fault: undefined }];
const FAIL: readonly Check[] = [{ name: "it is ready", fault: "expected 200, got 503" }];

const NOBODY = { code: 1, stderr: "This Worker does not exist on your account. [code: 10007]" };
const SERVING = {
  stdout: JSON.stringify({
    versions: [
      { version_id: "older", percentage: 0 },
      { version_id: "old", percentage: 100 },
    ],
  }),
};

type Script = {
  readonly databases?: readonly string[];
  readonly status?: Partial<Ran>;
  /** The command that fails, by its first words. */
  readonly failing?: string;
  /** Answers of the smoke test, one after the other; the last one again and again. */
  readonly smoke?: readonly (readonly Check[])[];
};

/** An account that answers from a script, and what was done to it. */
function account({ databases = [], status = SERVING, failing, smoke = [PASS] }: Script) {
  const done: string[] = [];
  const tested: string[] = [];
  const entryOf: Readonly<Record<string, Entry>> = {
    deploy: { type: "deploy", version_id: "new", targets: ["https://named.test"] },
    "versions upload": { type: "version-upload", version_id: "new" },
  };
  const parts = {
    wrangler: (args: readonly string[]): Promise<Ran> => {
      const line = args.join(" ");
      const nothing: Ran = { code: 0, stdout: "", stderr: "", entries: [] };
      if (line.startsWith("d1 list")) {
        return Promise.resolve({ ...nothing, stdout: JSON.stringify(databases.map((name) => ({ name }))) });
      }
      if (line.startsWith("deployments status")) return Promise.resolve({ ...nothing, ...status });
      done.push(line);
      if (failing !== undefined && line.startsWith(failing)) {
        return Promise.resolve({ ...nothing, code: 1, stderr: "not today" });
      }
      const entry = Object.entries(entryOf).find(([name]) => line.startsWith(name))?.[1];
      return Promise.resolve({ ...nothing, entries: entry ? [entry] : [] });
    },
    smoke: (url: string, version: string | undefined) => {
      tested.push(`${url} ${version ?? "whatever serves"}`);
      return Promise.resolve(smoke[Math.min(tested.length, smoke.length) - 1] ?? PASS);
    },
    pause: () => Promise.resolve(),
    say: () => undefined,
  };
  return { parts, done, tested };
}

describe("a rollout", () => {
  it("makes the database, migrates it before any code meets it, deploys, and tests the address that wrangler names", async () => {
    const { parts, done, tested } = account({ status: NOBODY });
    expect(await rollOut(TARGET, AT_ONCE, parts)).toBe("https://named.test");
    expect(done).toEqual([
      "d1 create directory-production --update-config=false",
      "d1 migrations apply DB --remote --env production",
      "deploy --env production --var AUTH_ISSUER:https://issuer.test",
    ]);
    expect(tested).toEqual(["https://named.test new"]);
  });

  it("goes in one step if nothing serves yet, since there is nothing to share the traffic with", async () => {
    const { parts, done } = account({ status: NOBODY });
    await rollOut(TARGET, GRADUAL, parts);
    expect(done.at(-1)).toMatch(/^deploy /);
  });

  it("goes step by step, with the new version itself tested at each", async () => {
    const { parts, done, tested } = account({ databases: ["directory-production"] });
    expect(await rollOut(TARGET, GRADUAL, parts)).toBe("https://directory.test");
    expect(done).toEqual([
      "d1 migrations apply DB --remote --env production",
      "versions upload --env production --var AUTH_ISSUER:https://issuer.test",
      "versions deploy new@10 old@90 --yes --env production",
      "versions deploy new@50 old@50 --yes --env production",
      "versions deploy new@100 --yes --env production",
    ]);
    expect(tested).toEqual(Array(3).fill("https://directory.test new"));
  });

  it.each([
    ["fails its test at the first step", { smoke: [FAIL] }, "versions deploy new@10 old@90"],
    ["fails its test half way", { smoke: [PASS, FAIL] }, "versions deploy new@50 old@50"],
    ["cannot be given its traffic", { failing: "versions deploy new@50" }, "versions deploy new@50 old@50"],
  ])("goes back to the version before if the new one %s", async (_, script, last) => {
    const { parts, done } = account({ databases: ["directory-production"], ...script });
    await expect(rollOut(TARGET, GRADUAL, parts)).rejects.toThrow("Version old serves again.");
    expect(done.slice(-2)).toEqual([
      `${last} --yes --env production`,
      "versions deploy old@100 --yes --env production",
    ]);
  });

  it("goes back to the version before after a step for all, too", async () => {
    const { parts, done } = account({ smoke: [FAIL] });
    await expect(rollOut(TARGET, AT_ONCE, parts)).rejects.toThrow("version old serves again");
    expect(done.at(-1)).toBe("versions deploy old@100 --yes --env production");
  });

  it("has nothing to go back to after a first deployment, and says so", async () => {
    const { parts, done } = account({ status: NOBODY, smoke: [FAIL] });
    await expect(rollOut(TARGET, AT_ONCE, parts)).rejects.toThrow("Mend what is named above and deploy again");
    expect(done.at(-1)).toMatch(/^deploy /);
  });

  it("deploys no code if a migration fails", async () => {
    const { parts, done } = account({ failing: "d1 migrations" });
    await expect(rollOut(TARGET, AT_ONCE, parts)).rejects.toThrow("not today");
    expect(done.at(-1)).toMatch(/^d1 migrations/);
  });

  it("does not take an account that cannot be asked for one in which nothing serves", async () => {
    const { parts, done } = account({ status: { code: 1, stderr: "Authentication error [code: 10000]" } });
    await expect(rollOut(TARGET, AT_ONCE, parts)).rejects.toThrow("Authentication error");
    expect(done.join()).not.toContain("deploy --env");
  });

  it("does not begin a gradual one without an address to test", async () => {
    const { parts, done } = account({});
    await expect(rollOut(TARGET, { ...GRADUAL, url: undefined }, parts)).rejects.toThrow("--url is needed");
    expect(done.join()).not.toContain("versions");
  });

  it("is taken back by one command", async () => {
    const { parts, done } = account({});
    await rollBack(TARGET, undefined, parts);
    await rollBack(TARGET, "older", parts);
    expect(done).toEqual([
      "rollback --yes --message npm run deploy -- --rollback --env production",
      "versions deploy older@100 --yes --env production",
    ]);
  });
});

describe("what is deployed", () => {
  it("takes settings from the environment, and nothing that is no setting", () => {
    const { settings } = readTarget("staging", { AUTH_AUDIENCE: "x", STOCK_TARGET: "5", HOME: "/", PATH: "/bin" });
    expect(settings).toMatchObject({ AUTH_AUDIENCE: "x", STOCK_TARGET: "5" });
    expect(Object.keys(settings)).not.toContain("HOME");
    // A variable of the workflow that is not set is an empty text there, and takes nothing back.
    expect(readTarget("staging", { AUTH_ISSUER: "" }).settings).toEqual(readTarget("staging", {}).settings);
  });

  it("says commands that can be pasted into a shell", () => {
    const target = readTarget(undefined, { CORS_ORIGINS: "https://it's.test, *" });
    expect(plannedCommands(target, { percentages: [] }).at(-1)).toBe(
      "wrangler deploy --env '' --var 'CORS_ORIGINS:https://it'\\''s.test, *'",
    );
  });

  it("refuses what it does not know, and names what there is", () => {
    expect(() => readTarget("live", {})).toThrow("--env must be one of staging, production, not live");
    expect(() => readSettingsFile("f", "AUTH_ISUER=x")).toThrow("f, line 1: AUTH_ISUER is not a setting");
    expect(() => readSettingsFile("f", "\n# said\nAUTH_ISSUER")).toThrow("f, line 3: expected NAME=value");
    expect(readSettingsFile("f", "AUTH_JWKS_URL=https://a.test/?b=c:d")).toEqual({
      AUTH_JWKS_URL: "https://a.test/?b=c:d",
    });
  });

  it.each([
    ["--env", "live"],
    ["--percentages", "50,10,100"],
    ["--percentages", "10,50"],
    ["--version", "1"],
    ["--percentages", "100", "--all-at-once"],
  ])("ends with its usage for %s %s", (...args) => {
    const { status, stderr } = spawnSync("node", ["tools/deploy.ts", ...args], { cwd: ROOT, encoding: "utf8" });
    expect([status, stderr]).toEqual([2, expect.stringContaining("usage: npm run deploy")]);
  });
});
