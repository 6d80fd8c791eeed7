/** The arguments of a command, read as its description says. What cannot be read is a `UsageError` that names it. */
import { parseArgs } from "node:util";
import { isIdentifier } from "../shared/identifier.ts";
import { closest } from "./closest.ts";
import { type Command, UsageError } from "./command.ts";

type Value = string | boolean | readonly string[] | undefined;

export class Given {
  readonly operands: readonly string[];
  readonly #values: Readonly<Record<string, Value>>;

  private constructor(operands: readonly string[], values: Readonly<Record<string, Value>>) {
    this.operands = operands;
    this.#values = values;
  }

  static read(command: Command, args: readonly string[]): Given {
    const options = Object.fromEntries(
      Object.entries(command.options).map(([name, { value, multiple }]) => [
        name,
        { type: value === undefined ? ("boolean" as const) : ("string" as const), multiple: multiple === true },
      ]),
    );
    try {
      // Tokens tell an option that is given twice, of which parseArgs would keep the last without a word.
      const { values, positionals, tokens } = parseArgs({
        args: [...args],
        options,
        allowPositionals: true,
        tokens: true,
      });
      const seen = new Set<string>();
      for (const token of tokens) {
        if (token.kind !== "option") continue;
        if (seen.has(token.name) && options[token.name]?.multiple !== true) {
          throw new UsageError(`--${token.name} is given twice`);
        }
        seen.add(token.name);
      }
      if (command.operands === undefined && positionals.length > 0) {
        throw new UsageError(`unexpected argument "${positionals[0]}"`);
      }
      return new Given(positionals, values as Readonly<Record<string, Value>>);
    } catch (cause) {
      if (cause instanceof UsageError) throw cause;
      throw new UsageError(unreadable(cause, Object.keys(options)));
    }
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" ? value : undefined;
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === "") throw new UsageError(`--${name} is needed`);
    return value;
  }

  texts(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? (value as readonly string[]) : [];
  }

  identifier(name: string): string {
    return checkedIdentifier(`--${name}`, this.required(name));
  }

  /** Zero or more, without a fraction: a count, a number of seconds, or a time in unix seconds. */
  whole(name: string, max = Number.MAX_SAFE_INTEGER): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : whole(`--${name}`, text, max);
  }

  /** Numbers between commas. */
  wholes(name: string, max: number): number[] | undefined {
    return this.text(name)
      ?.split(",")
      .map((part) => whole(`--${name}`, part.trim(), max));
  }

  choice<T extends string>(name: string, choices: readonly T[], otherwise: T): T {
    const text = this.text(name) ?? otherwise;
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw new UsageError(`--${name}: expected ${choices.join(" or ")}, got "${text}"`);
    return found;
  }

  /** The one operand of a command that needs one. */
  operand(what: string): string {
    const [first, ...more] = this.operands;
    if (first === undefined || more.length > 0)
      throw new UsageError(`expected one ${what}, got ${this.operands.length}`);
    return first;
  }
}

/** An unknown option is named with the one that was meant; everything else is said as `parseArgs` says it. */
function unreadable(cause: unknown, names: readonly string[]): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  const unknown = /^Unknown option '--([^']+)'/.exec(message)?.[1];
  if (unknown === undefined) return message;
  const meant = closest(unknown, names);
  return `there is no option --${unknown}${meant === undefined ? "" : `; did you mean --${meant}?`}`;
}

export function checkedIdentifier(where: string, text: string): string {
  if (isIdentifier(text)) return text;
  throw new UsageError(`${where}: expected 1 to 256 bytes of UTF-8 without control characters, and not . or ..`);
}

function whole(where: string, text: string, max: number): number {
  if (!/^[0-9]{1,15}$/.test(text) || Number(text) > max) {
    const range = max === Number.MAX_SAFE_INTEGER ? "" : ` of at most ${max}`;
    throw new UsageError(`${where}: expected a whole number${range}, got "${text}"`);
  }
  return Number(text);
}
