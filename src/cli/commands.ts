/** Every command, in the order in which help lists them. */
import type { Command } from "./command.ts";
import { ADMIN_ACTIVITY } from "./commands/admin-activity-command.ts";
import { ADMIN_CHANGES } from "./commands/admin-changes-command.ts";
import { ADMIN_COMMANDS } from "./commands/admin-command.ts";
import { CAPABILITY_COMMANDS } from "./commands/capability-command.ts";
import { claim } from "./commands/claim-command.ts";
import { completion } from "./commands/completion-command.ts";
import { demo } from "./commands/demo-command.ts";
import { generate } from "./commands/generate-command.ts";
import { inspect } from "./commands/inspect-command.ts";
import { inventory } from "./commands/inventory-command.ts";
import { journal } from "./commands/journal-command.ts";
import { publish } from "./commands/publish-command.ts";
import { RECEIPT_COMMANDS } from "./commands/receipt-command.ts";
import { reconcile } from "./commands/reconcile-command.ts";
import { register } from "./commands/register-command.ts";
import { revoke } from "./commands/revoke-command.ts";
import { token } from "./commands/token-command.ts";
import { validate } from "./commands/validate-command.ts";

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
  ...ADMIN_ACTIVITY,
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
