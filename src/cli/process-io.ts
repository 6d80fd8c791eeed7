/** The terminal, pipes and environment of this process, for commands. */
import { type CommandIo, EXIT_USAGE } from "./command.ts";

export function processIo(): CommandIo {
  const { stdin, stdout, stderr, env } = process;
  stdout.on("error", (cause: NodeJS.ErrnoException) => {
    // A reader that stops early (`| head`) is no failure of ours.
    if (cause.code === "EPIPE") process.exit();
    stderr.write(`cannot write to standard output: ${cause.message}\n`);
    process.exit(EXIT_USAGE);
  });
  const isWatched = stderr.isTTY === true;
  let isProgressShown = false;
  // A line of progress is written over by the next, and cleared before anything else is said.
  const clearProgress = () => {
    if (isProgressShown) stderr.write("\r\u001b[K");
    isProgressShown = false;
  };
  process.once("exit", clearProgress);
  return {
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
      isProgressShown = true;
    },
    now: () => Math.floor(Date.now() / 1000),
    env,
  };
}
