/**
 * From a target to a running deployment: databases first, then their migrations, then the code, then a smoke test. Each
 * step may be repeated, so a run that broke off is simply run again. What it does to the account it does through
 * wrangler alone, which is an argument: tests give it one that answers from a script.
 */
import type { Check } from "./smoke-test.ts";
import { smokePassed, smokeReport } from "./smoke-test.ts";
import type { Target } from "./target.ts";

/** What wrangler wrote to its output file, as far as it is used. */
export type Entry = {
  readonly type: string;
  readonly version_id?: string | null;
  readonly targets?: readonly string[];
};

export type Ran = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly entries: readonly Entry[];
};

export type RolloutParts = {
  readonly wrangler: (args: readonly string[]) => Promise<Ran>;
  readonly smoke: (url: string, version: string | undefined) => Promise<readonly Check[]>;
  readonly pause: (ms: number) => Promise<void>;
  readonly say: (line: string) => void;
};

export type RolloutOptions = {
  /** Where the deployment is reached; wrangler names an address only when it deploys all at once. */
  readonly url: string | undefined;
  /** Parts of the traffic that the new version gets, one after the other; the last is 100. Empty: all at once. */
  readonly percentages: readonly number[];
  readonly pauseMs: number;
};

/** Deploys, and returns the address that passed the smoke test. Throws with what to do; the previous version serves then. */
export async function rollOut(target: Target, options: RolloutOptions, parts: RolloutParts): Promise<string> {
  await provideDatabases(target, parts);
  for (const { binding } of target.databases) {
    await must(parts, ["d1", "migrations", "apply", binding, "--remote", ...environmentOf(target)]);
  }
  const previous = await servingVersion(target, parts);
  return previous === undefined || options.percentages.length === 0
    ? allAtOnce(target, options, parts, previous)
    : gradually(target, options, parts, previous);
}

/** A database is found by its name, so no id is noted anywhere. */
async function provideDatabases({ databases }: Target, parts: RolloutParts): Promise<void> {
  const { stdout } = await must(parts, ["d1", "list", "--json"]);
  const existing = new Set((JSON.parse(stdout) as readonly { name: string }[]).map(({ name }) => name));
  for (const { name } of databases) {
    if (!existing.has(name)) await must(parts, ["d1", "create", name, "--update-config=false"]);
  }
}

/** The version that has most of the traffic; undefined if this Worker was never deployed. */
async function servingVersion(target: Target, parts: RolloutParts): Promise<string | undefined> {
  const args = ["deployments", "status", "--json", ...environmentOf(target)];
  const { code, stdout, stderr } = await parts.wrangler(args);
  // 10007 is the platform's code for a Worker that does not exist.
  if (code !== 0 && /10007|does not exist|no deployments/i.test(stdout + stderr)) return undefined;
  if (code !== 0) throw failure(args, stderr || stdout);
  const { versions } = JSON.parse(stdout) as {
    readonly versions: readonly { readonly version_id: string; readonly percentage: number }[];
  };
  return versions.toSorted((a, b) => b.percentage - a.percentage)[0]?.version_id;
}

async function allAtOnce(
  target: Target,
  options: RolloutOptions,
  parts: RolloutParts,
  previous: string | undefined,
): Promise<string> {
  const { entries } = await must(parts, ["deploy", ...environmentOf(target), ...variablesOf(target)]);
  const deployed = entries.find(({ type }) => type === "deploy");
  const url = options.url ?? deployed?.targets?.[0];
  if (url === undefined) throw new Error("Deployed, but wrangler names no address: give --url to have it tested.");
  // By its name here too: until it is everywhere, the version before may answer in its place.
  const checks = await parts.smoke(url, deployed?.version_id ?? undefined);
  parts.say(smokeReport(checks));
  if (smokePassed(checks)) return url;
  if (previous === undefined) {
    throw new Error("The first deployment does not pass its smoke test. Mend what is named above and deploy again.");
  }
  await backTo(previous, target, parts);
  throw new Error(`The smoke test failed, and version ${previous} serves again.`);
}

async function gradually(
  target: Target,
  { url, percentages, pauseMs }: RolloutOptions,
  parts: RolloutParts,
  previous: string,
): Promise<string> {
  if (url === undefined) throw new Error("--url is needed for a gradual rollout: the address of the deployment.");
  const { entries } = await must(parts, ["versions", "upload", ...environmentOf(target), ...variablesOf(target)]);
  const next = entries.find(({ type }) => type === "version-upload")?.version_id;
  if (next === undefined || next === null) throw new Error("wrangler did not name the version that it uploaded.");
  try {
    for (const [index, percentage] of percentages.entries()) {
      if (index > 0) await parts.pause(pauseMs);
      // The versions stay in this order, so that an object which has the new one keeps it.
      const split = percentage === 100 ? [`${next}@100`] : [`${next}@${percentage}`, `${previous}@${100 - percentage}`];
      await must(parts, ["versions", "deploy", ...split, "--yes", ...environmentOf(target)]);
      const checks = await parts.smoke(url, next);
      parts.say(`version ${next} at ${percentage}%\n${smokeReport(checks)}`);
      if (!smokePassed(checks)) throw new Error(`The smoke test failed at ${percentage}%.`);
    }
  } catch (cause) {
    await backTo(previous, target, parts);
    throw new Error(`${cause instanceof Error ? cause.message : String(cause)} Version ${previous} serves again.`);
  }
  return url;
}

async function backTo(version: string, target: Target, parts: RolloutParts): Promise<void> {
  await must(parts, ["versions", "deploy", `${version}@100`, "--yes", ...environmentOf(target)]);
}

/** Has the version before the last one serve again, or the one that is named. */
export async function rollBack(target: Target, version: string | undefined, parts: RolloutParts): Promise<void> {
  if (version !== undefined) return backTo(version, target, parts);
  await must(parts, ["rollback", "--yes", "--message", "npm run deploy -- --rollback", ...environmentOf(target)]);
}

/** The commands of a rollout in which nothing exists yet, for `--dry-run`. */
export function plannedCommands(target: Target, { percentages }: Pick<RolloutOptions, "percentages">): string[] {
  const environment = environmentOf(target);
  const variables = variablesOf(target);
  const lines = [
    ["d1", "list", "--json"],
    ...target.databases.map(({ name }) => ["d1", "create", name, "--update-config=false"]),
    ...target.databases.map(({ binding }) => ["d1", "migrations", "apply", binding, "--remote", ...environment]),
    ["deployments", "status", "--json", ...environment],
    ...(percentages.length === 0
      ? [["deploy", ...environment, ...variables]]
      : [
          ["versions", "upload", ...environment, ...variables],
          ...percentages.map((part) => [
            ...["versions", "deploy", `NEW@${part}`],
            ...(part === 100 ? [] : [`SERVING@${100 - part}`]),
            ...["--yes", ...environment],
          ]),
        ]),
  ];
  return lines.map(spoken);
}

/** As it can be pasted into a shell. */
const spoken = (args: readonly string[]): string => ["wrangler", ...args.map(quoted)].join(" ");

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** An empty name is the top of wrangler.toml, and says so. */
const environmentOf = ({ environment }: Target): string[] => ["--env", environment ?? ""];

/** Settings that are given beside wrangler.toml, for the version that is made now. */
export const variablesOf = ({ settings }: Target): string[] =>
  Object.entries(settings).flatMap(([name, value]) => ["--var", `${name}:${value}`]);

async function must({ wrangler, say }: RolloutParts, args: readonly string[]): Promise<Ran> {
  say(spoken(args));
  const ran = await wrangler(args);
  if (ran.code !== 0) throw failure(args, ran.stderr || ran.stdout);
  return ran;
}

const failure = (args: readonly string[], said: string): Error =>
  new Error(`${spoken(args)} failed:\n${said.trim()}\nRun the same command again after mending it.`);
