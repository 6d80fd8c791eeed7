import { type Command, EXIT_OK, UsageError } from "../command.ts";
import { completionFor, SHELLS } from "../completion-scripts.ts";

/** The commands are an argument, for this is one of them. */
export const completion = (commands: () => readonly Command[]): Command => ({
  name: "completion",
  summary: "Print a script that completes commands and options in a shell",
  operands: SHELLS.join("|"),
  options: {},
  examples: ["completion bash > ~/.local/share/bash-completion/completions/kpd", "completion fish | source"],

  async run(given, io) {
    const name = given.operand("shell");
    const shell = SHELLS.find((one) => one === name);
    if (shell === undefined) throw new UsageError(`expected ${SHELLS.join(", ")}, got "${name}"`);
    io.out(completionFor(shell, commands()));
    return EXIT_OK;
  },
});
