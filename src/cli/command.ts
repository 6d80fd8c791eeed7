/** What a command of `kpd` is: its description, from which help, parsing and completion are made, and what it does. */
import type { Given } from "./given.ts";

/** What a command is given and gives back, so that tests run it without a process. */
export type CommandIo = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly stdin: () => AsyncIterable<Uint8Array>;
  /** Whether `out` may have colours. */
  readonly colour: boolean;
  /** Shows how far a long command came; does nothing unless a person is watching. */
  readonly progress: (text: string) => void;
  /** Unix seconds. */
  readonly now: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
};

export type Option = {
  readonly help: string;
  /** What its value is, such as `FILE`. Left out for a switch. */
  readonly value?: string;
  /** May be given more than once. */
  readonly multiple?: true;
};

export type Command = {
  /** One word, or two for the commands of a group: `admin stock`. */
  readonly name: string;
  readonly summary: string;
  /** What follows the options, such as `[FILE…|-]`. */
  readonly operands?: string;
  readonly options: Readonly<Record<string, Option>>;
  /** Arguments, as they are typed after `kpd`. */
  readonly examples: readonly string[];
  readonly run: (given: Given, io: CommandIo) => Promise<ExitCode>;
};

export const EXIT_OK = 0;
/** An input is not valid, or the directory has refused something or has nothing to give. */
export const EXIT_REFUSED = 1;
/** The command cannot be read, or a file cannot be read or written. */
export const EXIT_USAGE = 2;
/** The directory cannot be reached, or could not answer. */
export const EXIT_UNREACHABLE = 3;

export type ExitCode = typeof EXIT_OK | typeof EXIT_REFUSED | typeof EXIT_USAGE | typeof EXIT_UNREACHABLE;

/** Wrong usage: `main` prints the message and where help is. */
export class UsageError extends Error {
  override name = "UsageError";
}

export const JSON_OPTION = { json: { help: "print JSON, for programs" } } as const;

export const YES_OPTION = { yes: { help: "do it, though it cannot be undone" } } as const;
