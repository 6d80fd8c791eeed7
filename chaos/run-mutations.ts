/**
 * `npm run mutations -- [--only NAME] [--jobs N] [--json FILE]`: takes one safeguard after the other out of a copy of
 * the tree and shows that a test fails for each. First the tests run on the copy as it is and must pass. Each of the
 * jobs, one for each processor unless told otherwise, has a copy of its own.
 */
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readOptions } from "../tools/lib/args.ts";
import { MUTATIONS, type Mutation } from "./mutations.ts";

const ROOT = resolve(import.meta.dirname, "..");
const COPIED = [
  "src",
  "test",
  "docs",
  "tools",
  "migrations",
  "schema.sql",
  "wrangler.toml",
  "vitest.config.ts",
  "package.json",
  "package-lock.json",
  ".npmrc",
  "Dockerfile",
  "LICENSE",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "README.md",
  "SECURITY.md",
  // What the docs link to.
  "bench",
  "chaos",
];
const COPIED_CONFIGS = [
  "tsconfig.json",
  "tsconfig.base.json",
  "tsconfig.mls.json",
  "tsconfig.build.json",
  "worker-configuration.d.ts",
];
/** More than the ten minutes of a test: one that hangs without its safeguard has failed then, and is in the report. */
const RUN_TIMEOUT_MS = 15 * 60_000;
/** All of their tests on the tree as it is. */
const UNTOUCHED_TIMEOUT_MS = 60 * 60_000;

/** Of tests that ran; or why they did not, which proves nothing. */
type Result = { readonly failed: readonly string[]; readonly passed: number; readonly notRun?: string };
type Row = { readonly safeguard: string; readonly file: string; readonly failing_tests: readonly string[] };

const USAGE = "npm run mutations -- [--only NAME] [--jobs N] [--json FILE]";
const { chosen, jobs, json } = readOptions(USAGE, () => {
  const { values } = parseArgs({
    options: { only: { type: "string" }, jobs: { type: "string" }, json: { type: "string" } },
  });
  const chosen = MUTATIONS.filter(({ safeguard }) => values.only === undefined || safeguard === values.only);
  if (chosen.length === 0) throw new Error(`--only takes one of: ${MUTATIONS.map((one) => one.safeguard).join(", ")}`);
  const jobs = Number(values.jobs ?? availableParallelism());
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error(`--jobs takes a number from 1 on, not ${values.jobs}`);
  return { chosen, jobs: Math.min(jobs, chosen.length), json: values.json };
});

const trees = Array.from({ length: jobs }, () => mkdtempSync(join(tmpdir(), "kpd-mutations-")));
try {
  process.exitCode = (await survivors()) > 0 ? 1 : 0;
} finally {
  for (const tree of trees) rmSync(tree, { recursive: true, force: true });
}

/** Runs everything and prints a line for each safeguard; returns how many no test misses. */
async function survivors(): Promise<number> {
  for (const tree of trees) copyInto(tree);
  const [first = ""] = trees;
  const files = [...new Set(chosen.flatMap(({ tests }) => tests))];
  const untouched = await runTests(first, { files, timeoutMs: UNTOUCHED_TIMEOUT_MS });
  if (untouched.failed.length > 0 || untouched.passed === 0) {
    const why = untouched.notRun ?? untouched.failed.join("; ");
    throw new Error(`the tests must pass before anything is taken out: ${why}`);
  }
  console.log(`untouched: ${untouched.passed} tests pass`);

  const waiting = [...chosen];
  const rows: Row[] = [];
  await Promise.all(
    trees.map(async (tree) => {
      for (let mutation = waiting.shift(); mutation; mutation = waiting.shift()) {
        const { failed, notRun = "no test fails" } = await without(tree, mutation);
        const caught = failed.length > 0;
        console.log(`${caught ? "caught " : "MISSED "} without ${mutation.safeguard}: ${caught ? failed[0] : notRun}`);
        rows.push({ safeguard: mutation.safeguard, file: mutation.file, failing_tests: failed });
      }
    }),
  );
  if (json) writeFileSync(json, JSON.stringify(rows, null, 2));
  const missed = rows.filter((row) => row.failing_tests.length === 0).length;
  console.log(`${rows.length - missed} caught, ${missed} missed`);
  return missed;
}

function copyInto(tree: string): void {
  for (const name of [...COPIED, ...COPIED_CONFIGS]) {
    if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(tree, name), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"));
}

async function without(tree: string, { safeguard, file, from, to, tests }: Mutation): Promise<Result> {
  const path = join(tree, file);
  const text = readFileSync(path, "utf8");
  if (text.split(from).length !== 2) throw new Error(`${safeguard}: its text must occur once in ${file}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  try {
    // One test that fails is enough. Where it ends others that have only just begun, there may be no report.
    const first = await runTests(tree, { files: tests, timeoutMs: RUN_TIMEOUT_MS, bail: 1 });
    return first.notRun === undefined ? first : await runTests(tree, { files: tests, timeoutMs: RUN_TIMEOUT_MS });
  } finally {
    writeFileSync(path, text);
  }
}

type Report = {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
};

type Run = { readonly files: readonly string[]; readonly timeoutMs: number; readonly bail?: number };

/** Runs test files of a copy. */
async function runTests(tree: string, { files, timeoutMs, bail = 0 }: Run): Promise<Result> {
  const report = join(tree, "report.json");
  rmSync(report, { force: true });
  const output = await outputOf(tree, timeoutMs, [
    "node_modules/vitest/vitest.mjs",
    "run",
    `--bail=${bail}`,
    "--reporter=json",
    `--outputFile=${report}`,
    ...files,
  ]);
  if (!existsSync(report)) return { failed: [], passed: 0, notRun: `the tests did not run:\n${output}` };
  const results = (JSON.parse(readFileSync(report, "utf8")) as Report).testResults.flatMap(
    (file) => file.assertionResults,
  );
  if (results.length === 0) return { failed: [], passed: 0, notRun: `no test was found:\n${output}` };
  return {
    failed: results.filter(({ status }) => status === "failed").map(({ fullName }) => fullName),
    passed: results.filter(({ status }) => status === "passed").length,
  };
}

/** What Node printed, whether or not it failed. */
function outputOf(tree: string, timeoutMs: number, args: readonly string[]): Promise<string> {
  return new Promise((resolveOutput, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: tree,
      timeout: timeoutMs,
      env: { ...process.env, VITE_MODEL_RUNS: "60", VITE_MODEL_SEED: "1" },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    child.on("error", reject).on("close", () => resolveOutput(output));
  });
}
