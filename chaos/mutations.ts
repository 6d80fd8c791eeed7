/**
 * `npm run mutations -- [--only NAME] [--json FILE]`: takes one safeguard after the other out of a copy of the tree
 * and shows that a test fails for each. First the tests run on the copy as it is and must pass.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readOptions } from "../tools/lib/args.ts";

const ROOT = resolve(import.meta.dirname, "..");
const COPIED = [
  "src",
  "test",
  "tools",
  "migrations",
  "schema.sql",
  "wrangler.toml",
  "vitest.config.ts",
  "package.json",
];
const COPIED_CONFIGS = ["tsconfig.json", "tsconfig.base.json", "tsconfig.mls.json", "worker-configuration.d.ts"];
const RUN_TIMEOUT_MS = 5 * 60_000;

type Mutation = {
  readonly safeguard: string;
  readonly file: string;
  /** Occurs once in the file. */
  readonly from: string;
  readonly to: string;
  /** The tests that should notice. */
  readonly tests: readonly string[];
};

const MUTATIONS: readonly Mutation[] = [
  {
    safeguard: "transaction",
    file: "src/pool/pool.ts",
    from: "const result = this.ctx.storage.transactionSync(body);",
    to: "const result = body();",
    tests: ["test/workers/pool/faults.test.ts"],
  },
  {
    safeguard: "forgetting what was rolled back",
    file: "src/pool/pool.ts",
    from: `      this.#claimCache = undefined;
      this.#alarm.discard();`,
    to: "      this.#alarm.discard();",
    tests: ["test/workers/pool/rollback.test.ts"],
  },
  {
    safeguard: "forgetting what another call changed",
    file: "src/pool/pool.ts",
    from: `    this.#claimCache = undefined;
    return this.#transact(body);`,
    to: "    return this.#transact(body);",
    tests: ["test/workers/pool/rollback.test.ts"],
  },
  {
    safeguard: "bound on checks under way",
    file: "src/pool/runtime/in-flight-limit.ts",
    from: "if (arrivalMs - nowMs > room * RATE.intervalMs) return false;",
    to: "void room;",
    tests: ["test/workers/http/abuse.test.ts"],
  },
  {
    safeguard: "tombstone",
    file: "src/pool/tables/packages.ts",
    from: `"UPDATE key_packages SET state = ?, ended_at = ?, key_package = NULL WHERE sequence = ? AND state = 0"`,
    to: `"DELETE FROM key_packages WHERE ?1 > 0 AND ?2 > 0 AND sequence = ?3 AND state = 0"`,
    tests: ["test/workers/pool/publish.test.ts", "test/workers/pool/model.test.ts"],
  },
  {
    safeguard: "replay record",
    file: "src/pool/operations/claim.ts",
    from: `keepReplay(sql, replay, { status, clients }, now + settings.retention.replaySeconds);`,
    to: `void keepReplay;`,
    tests: ["test/workers/pool/claim.test.ts", "test/workers/pool/faults.test.ts"],
  },
  {
    safeguard: "FIFO order",
    file: "src/pool/tables/packages.ts",
    from: `not_after >= ? ORDER BY sequence LIMIT 1`,
    to: `not_after >= ? ORDER BY sequence DESC LIMIT 1`,
    tests: ["test/workers/pool/claim.test.ts", "test/workers/pool/model.test.ts"],
  },
  {
    safeguard: "expiry check",
    file: "src/pool/tables/packages.ts",
    from: `not_after >= ? ORDER BY sequence LIMIT 1`,
    to: `? > 0 ORDER BY sequence LIMIT 1`,
    tests: ["test/workers/pool/claim.test.ts", "test/workers/pool/model.test.ts"],
  },
  {
    safeguard: "token check",
    file: "src/http/auth/verify-token.ts",
    from: `const { payload } = await jwtVerify(token, issuer.keys, {`,
    to: `const payload = JSON.parse(atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/")));
    if (payload) return toPrincipal(payload, issuer.clientClaim);
    await jwtVerify(token, issuer.keys, {`,
    tests: ["test/workers/http/tokens.test.ts", "test/workers/http/abuse.test.ts"],
  },
];

type Result = { readonly failed: readonly string[]; readonly passed: number };

const { chosen, json } = readOptions("npm run mutations -- [--only NAME] [--json FILE]", () => {
  const { values } = parseArgs({ options: { only: { type: "string" }, json: { type: "string" } } });
  const chosen = MUTATIONS.filter(({ safeguard }) => values.only === undefined || safeguard === values.only);
  if (chosen.length === 0) throw new Error(`--only takes one of: ${MUTATIONS.map((one) => one.safeguard).join(", ")}`);
  return { chosen, json: values.json };
});

const tree = mkdtempSync(join(tmpdir(), "kpd-mutations-"));
try {
  process.exitCode = survivors() > 0 ? 1 : 0;
} finally {
  rmSync(tree, { recursive: true, force: true });
}

/** Runs everything and prints a line for each safeguard; returns how many no test misses. */
function survivors(): number {
  for (const name of [...COPIED, ...COPIED_CONFIGS]) {
    if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(tree, name), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"));
  const untouched = runTests([...new Set(chosen.flatMap(({ tests }) => tests))]);
  if (untouched.failed.length > 0 || untouched.passed === 0) {
    throw new Error(`the tests must pass before anything is taken out: ${untouched.failed.join("; ")}`);
  }
  console.log(`untouched: ${untouched.passed} tests pass`);
  const rows = chosen.map((mutation) => {
    const { failed } = without(mutation);
    console.log(
      `${failed.length > 0 ? "caught " : "MISSED "} without ${mutation.safeguard}: ${failed[0] ?? "no test fails"}`,
    );
    return { safeguard: mutation.safeguard, file: mutation.file, failing_tests: failed };
  });
  if (json) writeFileSync(json, JSON.stringify(rows, null, 2));
  return rows.filter((row) => row.failing_tests.length === 0).length;
}

function without({ safeguard, file, from, to, tests }: Mutation): Result {
  const path = join(tree, file);
  const text = readFileSync(path, "utf8");
  if (text.split(from).length !== 2) throw new Error(`${safeguard}: its text must occur once in ${file}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  try {
    return runTests(tests);
  } finally {
    writeFileSync(path, text);
  }
}

type Report = {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
};

/** Runs test files of the copy. Throws if they did not run: a tree that does not load proves nothing. */
function runTests(files: readonly string[]): Result {
  const report = join(tree, "report.json");
  rmSync(report, { force: true });
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      "node_modules/vitest/vitest.mjs",
      "run",
      "--project",
      "workers",
      "--reporter=json",
      `--outputFile=${report}`,
      ...files,
    ],
    {
      cwd: tree,
      encoding: "utf8",
      timeout: RUN_TIMEOUT_MS,
      env: { ...process.env, VITE_MODEL_RUNS: "60", VITE_MODEL_SEED: "1" },
    },
  );
  if (!existsSync(report)) throw new Error(`the tests did not run:\n${stdout}${stderr}`);
  const results = (JSON.parse(readFileSync(report, "utf8")) as Report).testResults.flatMap(
    (file) => file.assertionResults,
  );
  if (results.length === 0) throw new Error(`no test was found:\n${stdout}${stderr}`);
  return {
    failed: results.filter(({ status }) => status === "failed").map(({ fullName }) => fullName),
    passed: results.filter(({ status }) => status === "passed").length,
  };
}
