/** What the directory refused, or that it did not answer, in the form that was asked for. */

import { printable } from "../inspect/text.ts";
import { ADVICE } from "./advice.ts";
import { type CommandIo, EXIT_REFUSED, EXIT_UNREACHABLE, type ExitCode } from "./command.ts";
import { Refusal, type Unreachable } from "./remote/directory-client.ts";

const UNREACHABLE_ADVICE = "Check --url or KPD_URL, and that the directory runs; npm start runs one on this machine.";

export function showFailure(failure: Refusal | Unreachable, json: boolean, io: CommandIo): ExitCode {
  const described =
    failure instanceof Refusal ? describe(failure) : { detail: failure.message, advice: UNREACHABLE_ADVICE };
  if (json) io.out(`${JSON.stringify({ error: described })}\n`);
  else io.err(lines(failure, described));
  return failure instanceof Refusal && !failure.isFailure ? EXIT_REFUSED : EXIT_UNREACHABLE;
}

function describe({ status, problem, retryAfter }: Refusal) {
  return {
    code: problem.code,
    status,
    title: problem.title,
    ...(problem.detail === undefined ? {} : { detail: problem.detail }),
    ...(problem.errors === undefined ? {} : { errors: problem.errors }),
    ...(retryAfter === undefined ? {} : { retry_after: retryAfter }),
    ...(problem.instance === undefined ? {} : { request: problem.instance }),
    ...(ADVICE[problem.code] === undefined ? {} : { advice: ADVICE[problem.code] }),
  };
}

function lines(failure: Refusal | Unreachable, described: { detail?: string; advice?: string }): string {
  if (!(failure instanceof Refusal)) return `${printable(failure.message)}\nwhat to do: ${described.advice}\n`;
  const { status, problem, retryAfter } = failure;
  const rows = [
    `${problem.code} (${status}): ${problem.title}`,
    ...(problem.detail === undefined ? [] : [problem.detail]),
    // The first of them is the detail, too.
    ...(problem.errors ?? [])
      .map(({ pointer, detail }) => `${pointer || "the body"}: ${detail}`)
      .filter((line) => line !== problem.detail),
    ...(retryAfter === undefined ? [] : [`retry after: ${retryAfter} seconds`]),
    ...(described.advice === undefined ? [] : [`what to do: ${described.advice}`]),
    ...(problem.instance === undefined ? [] : [`request: ${problem.instance}`]),
  ];
  return rows.map((row) => `${printable(row)}\n`).join("");
}
