/** Help, made from what the commands say of themselves. */
import type { Command } from "./command.ts";

export const EXIT_CODES = `Exit codes:
  0  all is well
  1  an input is not valid, or the directory has refused something or has nothing to give
  2  wrong usage: the command cannot be read, or a file cannot be read or written
  3  the directory cannot be reached, or could not answer
`;

export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `usage: kpd COMMAND [OPTIONS] …

${lines.join("\n")}

  kpd COMMAND --help  shows its options and examples
  kpd --version       shows the version

Colours appear on a terminal only, and not if NO_COLOR is set.

${EXIT_CODES}`;
}

export function helpOf({ name, summary, operands, options, examples }: Command): string {
  const rows = Object.entries(options).map(
    ([option, { value, help }]) => [`--${option}${value === undefined ? "" : ` ${value}`}`, help] as const,
  );
  const width = Math.max(0, ...rows.map(([option]) => option.length));
  const described = rows.map(([option, help]) => `  ${option.padEnd(width)}  ${help}`);
  return `${summary}.

usage: kpd ${name} [OPTIONS]${operands === undefined ? "" : ` ${operands}`}
${described.length > 0 ? `\n${described.join("\n")}\n` : ""}
Examples:
${examples.map((example) => `  kpd ${example}`).join("\n")}
`;
}
