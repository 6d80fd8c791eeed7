/** What the commands of operators share. */

import { printable } from "../../inspect/text.ts";
import { type CommandIo, EXIT_OK, type ExitCode, type Option, UsageError } from "../command.ts";
import { checkedIdentifier, type Given } from "../given.ts";
import { CONNECTION_OPTIONS, connect } from "./connection.ts";

const SCOPE = "directory:admin";
/** Of tokens for the local directory. */
const OPERATOR = { user: "operator", client: "console" };

export const OPERATOR_OPTIONS = {
  ...CONNECTION_OPTIONS,
  json: { help: "print JSON, for programs" },
} as const satisfies Record<string, Option>;

export const PAGE_OPTIONS = {
  limit: { value: "N", help: "at most so many on a page" },
  after: { value: "CURSOR", help: "what the page before says under more" },
} as const satisfies Record<string, Option>;

/** Of commands that change something. */
export const REASON_OPTION = {
  reason: { value: "TEXT", help: "why, for the record of operators' changes" },
} as const satisfies Record<string, Option>;

export const operator = (given: Given, io: CommandIo) => connect(given, io, OPERATOR, SCOPE);

/** The header that says why. The record takes any script, a header only ASCII. */
export const reasonOf = (given: Given) => ({
  headers: { "operator-reason": encodeURIComponent(given.required("reason")) },
});

export const userOperand = (given: Given): string => checkedIdentifier("USER", given.operand("user"));

/** USER CLIENT. */
export function clientOperands(given: Given): readonly [user: string, client: string] {
  const [user, client, ...more] = given.operands;
  if (user === undefined || client === undefined || more.length > 0) {
    throw new UsageError(`expected a user and a client, got ${given.operands.length} arguments`);
  }
  return [checkedIdentifier("USER", user), checkedIdentifier("CLIENT", client)];
}

export function confirm(given: Given, what: string): void {
  if (!given.flag("yes")) throw new UsageError(`${what}: --yes confirms`);
}

export function pageQuery(given: Given, more: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...more, limit: given.whole("limit"), after: given.text("after") })) {
    if (value !== undefined) query.set(name, String(value));
  }
  return query.size > 0 ? `?${query}` : "";
}

export const more = (after: string | null): string => (after === null ? "" : `\nmore: --after '${printable(after)}'\n`);

export function show(given: Given, io: CommandIo, body: object, text: () => string): ExitCode {
  io.out(given.flag("json") ? `${JSON.stringify(body)}\n` : text());
  return EXIT_OK;
}
