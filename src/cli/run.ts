/** From arguments to an exit code. */

import { printable } from "../inspect/text.ts";
import { closest } from "./closest.ts";
import { type Command, type CommandIo, EXIT_OK, EXIT_USAGE, type ExitCode, UsageError } from "./command.ts";
import { COMMANDS, findCommand } from "./commands.ts";
import { Given } from "./given.ts";
import { helpOf, overview } from "./help.ts";
import { Refusal, Unreachable } from "./remote/directory-client.ts";
import { showFailure } from "./show-failure.ts";

export async function run(args: readonly string[], io: CommandIo, version: string): Promise<ExitCode> {
  if (args[0] === "--help" || args[0] === "-h" || args[0] === "help") {
    io.out(overview(COMMANDS));
    return EXIT_OK;
  }
  if (args[0] === "--version") {
    io.out(`${version}\n`);
    return EXIT_OK;
  }
  const found = findCommand(args);
  if (found === undefined) {
    const group = COMMANDS.filter(({ name }) => args[0] !== undefined && name.startsWith(`${args[0]} `));
    const isHelp = group.length > 0 && (args[1] === "--help" || args[1] === "-h");
    const shown = overview(group.length > 0 ? group : COMMANDS);
    if (isHelp) io.out(shown);
    else io.err(args.length === 0 ? shown : noCommand(args, shown));
    return isHelp ? EXIT_OK : EXIT_USAGE;
  }
  const { command, rest } = found;
  const end = rest.indexOf("--");
  if (rest.slice(0, end === -1 ? undefined : end).some((arg) => arg === "--help" || arg === "-h")) {
    io.out(helpOf(command));
    return EXIT_OK;
  }
  try {
    return await runCommand(command, Given.read(command, rest), io);
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    io.err(`kpd ${command.name}: ${printable(cause.message)}\nusage: kpd ${command.name} --help shows how\n`);
    return EXIT_USAGE;
  }
}

/** What was meant, where it is near a command; else all that there is. */
function noCommand(args: readonly string[], all: string): string {
  const two = args.slice(0, 2).join(" ");
  const names = COMMANDS.map(({ name }) => name);
  const meant = closest(two, names) ?? closest(args[0] ?? "", names);
  const message = `kpd: there is no command "${printable(two)}"`;
  return meant === undefined
    ? `${message}\n${all}`
    : `${message}; did you mean kpd ${meant}?\nusage: kpd --help lists all commands\n`;
}

async function runCommand(command: Command, given: Given, io: CommandIo): Promise<ExitCode> {
  try {
    return await command.run(given, io);
  } catch (cause) {
    if (!(cause instanceof Refusal) && !(cause instanceof Unreachable)) throw cause;
    return showFailure(cause, given.flag("json"), io);
  }
}
