import { createInterface } from "node:readline";
import { type Command, EXIT_USAGE, UsageError } from "./command.ts";
import { inspect } from "./inspect.ts";
import { validate } from "./validate.ts";

const COMMANDS: Readonly<Record<string, Command>> = { validate, inspect };

async function main(args: readonly string[]): Promise<number> {
  const [name = "", ...rest] = args;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    const usages = Object.values(COMMANDS).map(({ usage }) => `  kpd ${usage}`);
    process.stderr.write(`usage:\n${usages.join("\n")}\n`);
    return EXIT_USAGE;
  }
  try {
    return await command.run(rest, {
      out: (text) => process.stdout.write(text),
      err: (text) => process.stderr.write(text),
      stdin: () => createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY }),
      terminal: process.stdout.isTTY === true,
      now: () => Math.floor(Date.now() / 1000),
    });
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    process.stderr.write(`${cause.message}\nusage: kpd ${command.usage}\n`);
    return EXIT_USAGE;
  }
}

// A reader that stops early (`| head`) is no failure of ours.
process.stdout.on("error", (cause: NodeJS.ErrnoException) => {
  if (cause.code !== "EPIPE") throw cause;
  process.exit();
});
process.exitCode = await main(process.argv.slice(2));
