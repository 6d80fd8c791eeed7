/** Every command, in the order in which help lists them. */
import type { Command } from "./command.ts";
import { ADMIN_COMMANDS } from "./commands/admin.ts";
import { ADMIN_CHANGES } from "./commands/admin-changes.ts";
import { CAPABILITY_COMMANDS } from "./commands/capability.ts";
import { claim } from "./commands/claim.ts";
import { completion } from "./commands/completion.ts";
import { demo } from "./commands/demo.ts";
import { generate } from "./commands/generate.ts";
import { inspect } from "./commands/inspect.ts";
import { inventory } from "./commands/inventory.ts";
import { journal } from "./commands/journal.ts";
import { publish } from "./commands/publish.ts";
import { RECEIPT_COMMANDS } from "./commands/receipt.ts";
import { reconcile } from "./commands/reconcile.ts";
import { register } from "./commands/register.ts";
import { revoke } from "./commands/revoke.ts";
import { token } from "./commands/token.ts";
import { validate } from "./commands/validate.ts";

export const COMMANDS: readonly Command[] = [
  inspect,
  validate,
  generate,
  register,
  publish,
  claim,
  inventory,
  journal,
  reconcile,
  revoke,
  token,
  ...CAPABILITY_COMMANDS,
  ...RECEIPT_COMMANDS,
  ...ADMIN_COMMANDS,
  ...ADMIN_CHANGES,
  demo,
  completion(() => COMMANDS),
];

/** The command that the arguments begin with, and what follows its name. */
export function findCommand(
  args: readonly string[],
): { readonly command: Command; readonly rest: string[] } | undefined {
  const command = COMMANDS.find(({ name }) => name.split(" ").every((word, index) => args[index] === word));
  return command && { command, rest: args.slice(command.name.split(" ").length) };
}
