/** What a command of `kpd` is given and gives back, so that tests run it without a process. */
export type CommandIo = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly stdin: () => AsyncIterable<string>;
  /** Whether `out` is read by a person. */
  readonly terminal: boolean;
  /** Unix seconds. */
  readonly now: () => number;
};

export type Command = {
  readonly usage: string;
  /** Gives the exit code: 0 all well, 1 some input is not, 2 wrong usage. */
  readonly run: (args: readonly string[], io: CommandIo) => Promise<number>;
};

export const EXIT_OK = 0;
export const EXIT_REFUSED = 1;
export const EXIT_USAGE = 2;

/** Wrong usage: `main` prints the message and the command's usage. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** A time in unix seconds or a number of seconds, as an argument. */
export function parseSeconds(option: string, text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new UsageError(`${option}: expected whole seconds, got "${text}"`);
  return Number(text);
}
