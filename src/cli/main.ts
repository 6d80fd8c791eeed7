#!/usr/bin/env node
/** The command `kpd`: the process around `run`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.ts";

const { stdin, stdout, stderr, env } = process;

// A reader that stops early (`| head`) is no failure of ours.
stdout.on("error", (cause: NodeJS.ErrnoException) => {
  if (cause.code !== "EPIPE") throw cause;
  process.exit();
});

const isWatched = stderr.isTTY === true;
let progressShown = false;

/** A line of progress is written over by the next, and cleared before anything else is said. */
function clearProgress(): void {
  if (progressShown) stderr.write("\r\u001b[K");
  progressShown = false;
}

process.exitCode = await run(
  process.argv.slice(2),
  {
    out: (text) => {
      clearProgress();
      stdout.write(text);
    },
    err: (text) => {
      clearProgress();
      stderr.write(text);
    },
    stdin: () => stdin,
    colour: stdout.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb",
    progress: (text) => {
      if (!isWatched) return;
      clearProgress();
      stderr.write(text);
      progressShown = true;
    },
    now: () => Math.floor(Date.now() / 1000),
    env,
  },
  packageVersion(),
);
clearProgress();

function packageVersion(): string {
  const text = readFileSync(join(import.meta.dirname, "../../package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
