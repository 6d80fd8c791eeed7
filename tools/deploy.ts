/**
 * `npm run deploy -- --env staging|production`: finds or makes the database, applies its migrations, deploys, tests the
 * result and says what to set next. A version that fails its test does not stay: the one before it serves again.
 * docs/deploy.md says what it needs and which part only an account can show.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { pause } from "../src/shared/pause.ts";
import { natural, readOptions } from "./lib/args.ts";
import { plannedCommands, type RolloutParts, rollBack, rollOut, variablesOf } from "./lib/deploy/rollout.ts";
import { smoke } from "./lib/deploy/smoke-test.ts";
import { readTarget, type Target } from "./lib/deploy/target.ts";
import { runWrangler } from "./lib/deploy/wrangler.ts";

const USAGE = `npm run deploy -- [--env staging|production] [--dry-run]
    [--url URL]                     where the deployment is reached; needed for a gradual rollout
    [--percentages 10,50,100]       parts of the traffic that a new version of production gets; --all-at-once for one step
    [--pause-seconds 60]            between two of them
    [--claim-token-file FILE]       a claimer's token: the smoke test then goes through a pool
    [--rollback [--version ID]]     has the version before serve again, or the one that is named`;

const GRADUAL = "10,50,100";

const options = readOptions(USAGE, read);
await main(options).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});

function read() {
  const { values } = parseArgs({
    options: {
      env: { type: "string" },
      "dry-run": { type: "boolean", default: false },
      url: { type: "string" },
      percentages: { type: "string" },
      "all-at-once": { type: "boolean", default: false },
      "pause-seconds": { type: "string", default: "60" },
      "claim-token-file": { type: "string" },
      rollback: { type: "boolean", default: false },
      version: { type: "string" },
    },
  });
  if (values["all-at-once"] && values.percentages !== undefined)
    throw new Error("--percentages or --all-at-once, not both");
  if (values.version !== undefined && !values.rollback) throw new Error("--version belongs to --rollback");
  return {
    target: readTarget(values.env, process.env),
    isDryRun: values["dry-run"],
    url: values.url || undefined,
    percentages: percentagesOf(
      values.percentages ?? (values.env === "production" && !values["all-at-once"] ? GRADUAL : ""),
    ),
    pauseMs: natural("--pause-seconds", values["pause-seconds"]) * 1000,
    claimTokenFile: values["claim-token-file"],
    rollback: values.rollback,
    version: values.version,
  };
}

/** Growing, and 100 at the end: what stops below it would serve two versions for good. */
function percentagesOf(text: string): number[] {
  if (text === "") return [];
  const parts = text.split(",").map((part) => natural("--percentages", part));
  if (parts.at(-1) !== 100 || parts.some((part, index) => part < 1 || part <= (parts[index - 1] ?? 0))) {
    throw new Error(`--percentages must grow from at least 1 to 100, such as ${GRADUAL}, not ${text}`);
  }
  return parts;
}

async function main({ target, isDryRun, rollback, version, ...rollout }: typeof options): Promise<void> {
  if (isDryRun) return dryRun(target, rollout.percentages);
  const claimToken = rollout.claimTokenFile && readFileSync(rollout.claimTokenFile, "utf8").trim();
  const parts: RolloutParts = {
    wrangler: (args) => runWrangler(args, target.pages),
    smoke: (url, id) =>
      smoke(
        {
          url,
          claimToken,
          stranger: `smoke-${crypto.randomUUID()}`,
          version: id === undefined ? undefined : { worker: target.worker, id },
        },
        { fetch, pause },
      ),
    pause,
    say: (line) => console.log(line),
  };
  if (rollback) return rollBack(target, version, parts);
  const url = await rollOut(target, rollout, parts);
  console.log(`\n${target.worker} serves at ${url}\n${nextSteps(target, claimToken !== undefined)}`);
}

/** Builds what would be deployed and says what would be done. Nothing of it needs an account or the network. */
async function dryRun(target: Target, percentages: readonly number[]): Promise<void> {
  const out = mkdtempSync(join(tmpdir(), "kpd-deploy-"));
  try {
    const environment = ["--env", target.environment ?? "", ...variablesOf(target)];
    const built = await runWrangler(["deploy", "--dry-run", "--outdir", out, ...environment], target.pages);
    if (built.code !== 0) throw new Error(built.stderr || built.stdout);
    console.log(built.stdout.trim());
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
  console.log(`\nWould run, and test the result after each change of the traffic:`);
  for (const line of plannedCommands(target, { percentages })) console.log(`  ${line}`);
  console.log(nextSteps(target, true));
}

function nextSteps({ settings, environment }: Target, hasToken: boolean): string {
  const missing = ["AUTH_ISSUER", "AUTH_AUDIENCE", "AUTH_JWKS_URL"].filter((name) => !settings[name]);
  const file = `deploy.${environment ?? "default"}.env`;
  const steps = [
    ...(missing.length > 0
      ? [`Unless wrangler.toml has them, put ${missing.join(", ")} into ${file} and deploy again.`]
      : []),
    ...(hasToken ? [] : ["Give --claim-token-file next time, so that the smoke test goes through a pool."]),
    "Bind a domain of your own (docs/deploy.md) and have /readyz watched.",
  ];
  return ["Next:", ...steps.map((step) => `- ${step}`)].join("\n");
}
