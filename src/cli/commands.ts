/** Every command, in the order in which help lists them. */
import type { Command } from "./command.ts";
import { generate } from "./commands/generate.ts";
import { inspect } from "./commands/inspect.ts";
import { validate } from "./commands/validate.ts";

export const COMMANDS: readonly Command[] = [inspect, validate, generate];

/** The command that the arguments begin with, and what follows its name. */
export function findCommand(
  args: readonly string[],
): { readonly command: Command; readonly rest: string[] } | undefined {
  const command = COMMANDS.find(({ name }) => name.split(" ").every((word, index) => args[index] === word));
  return command && { command, rest: args.slice(command.name.split(" ").length) };
}
