/** One run of wrangler, and the end of everything that it started. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** How long a run may take to end by itself before it is killed. */
const END_TIMEOUT_MS = 5_000;

export type WranglerRun = {
  /** Resolves with the exit code when wrangler has ended, whoever ended it; `null` after a signal. */
  readonly ended: Promise<number | null>;
  readonly hasEnded: () => boolean;
  /** What it printed until `forwardOutput`. */
  readonly printed: () => string;
  /** From now on what it prints goes to stderr. */
  readonly forwardOutput: () => void;
  /** Ends it and the workerd below it. May be called more than once. */
  readonly stop: () => Promise<void>;
};

/** Runs wrangler offline on the state of `stateDirectory`; when `signal` aborts, the run is stopped. */
export function runWrangler(args: readonly string[], stateDirectory: string, signal: AbortSignal): WranglerRun {
  signal.throwIfAborted();
  const child = spawn("wrangler", [...args, "--persist-to", stateDirectory], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      CI: "true",
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_HIDE_BANNER: "true",
      // Beside the state, so that two directories on one machine do not see each other.
      WRANGLER_REGISTRY_PATH: join(stateDirectory, "registry"),
      WRANGLER_LOG_PATH: join(stateDirectory, "logs"),
    },
    // A process group of its own, so that one signal ends wrangler and everything below it.
    detached: true,
  });
  const output: string[] = [];
  let forward = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      if (forward) process.stderr.write(text);
      else output.push(text);
    });
  }
  const ended = once(child, "exit").then(([code]) => code as number | null);
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;

  const signalGroup = (name: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, name);
    } catch {
      // Nobody of the group is left.
    }
  };
  const end = async () => {
    signalGroup("SIGTERM");
    const timer = setTimeout(() => signalGroup("SIGKILL"), END_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
    // wrangler may be gone before its workerd is.
    signalGroup("SIGKILL");
  };
  let ending: Promise<void> | undefined;
  const stop = () => {
    ending ??= end();
    return ending;
  };
  signal.addEventListener("abort", stop, { once: true });
  return {
    ended,
    hasEnded,
    printed: () => output.join(""),
    forwardOutput: () => {
      forward = true;
    },
    stop,
  };
}
