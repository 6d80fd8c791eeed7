/** Completion scripts of shells, made from what the commands say of themselves. */
import type { Command } from "./command.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export function completionFor(shell: Shell, commands: readonly Command[]): string {
  switch (shell) {
    case "bash":
      return bash(commands);
    case "zsh":
      return zsh(commands);
    case "fish":
      return fish(commands);
  }
}

const optionsOf = ({ options }: Command): string[] => [...Object.keys(options), "help"].map((name) => `--${name}`);

const firstWords = (commands: readonly Command[]): string[] => [
  ...new Set(commands.map(({ name }) => name.split(" ")[0] ?? "")),
];

/** The second words of groups: `admin` has stock, users and so on. */
function groups(commands: readonly Command[]): Map<string, Command[]> {
  const found = new Map<string, Command[]>();
  for (const command of commands) {
    const [group = "", second] = command.name.split(" ");
    if (second !== undefined) found.set(group, [...(found.get(group) ?? []), command]);
  }
  return found;
}

const secondWord = ({ name }: Command): string => name.split(" ")[1] ?? "";

/** A pattern of `case` over the first two words. */
const pattern = ({ name }: Command): string => (name.includes(" ") ? `"${name}"` : `"${name} "*`);

function bash(commands: readonly Command[]): string {
  const second = [...groups(commands)].map(
    ([group, members]) =>
      `      ${group}) COMPREPLY=($(compgen -W "${members.map(secondWord).join(" ")}" -- "$word")); return ;;`,
  );
  const options = commands.map((command) => `    ${pattern(command)}) options="${optionsOf(command).join(" ")}" ;;`);
  return `# kpd completion bash > ~/.local/share/bash-completion/completions/kpd
_kpd() {
  local word=\${COMP_WORDS[COMP_CWORD]} options=
  COMPREPLY=()
  if [[ $COMP_CWORD == 1 ]]; then
    COMPREPLY=($(compgen -W "${firstWords(commands).join(" ")} --help --version" -- "$word"))
    return
  fi
  if [[ $COMP_CWORD == 2 ]]; then
    case "\${COMP_WORDS[1]}" in
${second.join("\n")}
    esac
  fi
  case "\${COMP_WORDS[1]} \${COMP_WORDS[2]}" in
${options.join("\n")}
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _kpd kpd
`;
}

function zsh(commands: readonly Command[]): string {
  const second = [...groups(commands)].map(
    ([group, members]) => `      ${group}) compadd -- ${members.map(secondWord).join(" ")}; return ;;`,
  );
  const options = commands.map((command) => `    ${pattern(command)}) options=(${optionsOf(command).join(" ")}) ;;`);
  return `#compdef kpd
# kpd completion zsh > a file _kpd in a folder of $fpath
_kpd() {
  local -a options
  if (( CURRENT == 2 )); then
    compadd -- ${firstWords(commands).join(" ")} --help --version
    return
  fi
  if (( CURRENT == 3 )); then
    case "$words[2]" in
${second.join("\n")}
    esac
  fi
  case "$words[2] $words[3]" in
${options.join("\n")}
  esac
  if [[ $words[CURRENT] == -* ]]; then
    compadd -- $options
  else
    _files
  fi
}
compdef _kpd kpd
`;
}

function fish(commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => {
    const [first = "", second] = command.name.split(" ");
    const seen = `__fish_seen_subcommand_from ${first}`;
    const condition = second === undefined ? seen : `${seen}; and __fish_seen_subcommand_from ${second}`;
    const name =
      second === undefined
        ? `complete -c kpd -f -n __fish_use_subcommand -a ${first} -d ${quoted(command.summary)}`
        : `complete -c kpd -f -n ${quoted(seen)} -a ${second} -d ${quoted(command.summary)}`;
    const options = Object.entries(command.options).map(
      ([option, { value, help }]) =>
        `complete -c kpd -n ${quoted(condition)} -l ${option}${value === undefined ? "" : " -r"} -d ${quoted(help)}`,
    );
    return [name, ...options];
  });
  const grouped = [...groups(commands).keys()].map(
    (group) => `complete -c kpd -f -n __fish_use_subcommand -a ${group}`,
  );
  return `# kpd completion fish > ~/.config/fish/completions/kpd.fish
${[...grouped, ...lines].join("\n")}
`;
}

/** For fish, in single quotes. */
const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
