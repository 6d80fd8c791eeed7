/**
 * A change that an operator makes, with its record: who, when, what, about whom and why is written down before it is
 * made, and what came of it afterwards. What cannot be written down is not done.
 */
import type { Context } from "hono";
import { MAX_REASON_CHARACTERS } from "../config/limits.ts";
import { log } from "../shared/log.ts";
import { unixSeconds } from "../shared/time.ts";
import type { AppEnv } from "./bindings.ts";
import { PROBLEMS } from "./refusals/problem-codes.ts";
import { ok, type Result, refuse } from "./refusals/refusal.ts";
import { askRecords } from "./upstream/ask-records.ts";

export const REASON_HEADER = "Operator-Reason";

export type Change = {
  /** Id of the operation. */
  readonly operation: string;
  /** The pool that it is about, by the id of its object. */
  readonly target: string | undefined;
};

/** Makes the change, between the two halves of its record. */
export async function audited(
  c: Context<AppEnv>,
  { operation, target }: Change,
  make: () => Result<Response> | Promise<Result<Response>>,
): Promise<Result<Response>> {
  const why = readReason(c.req.header(REASON_HEADER));
  if (!why.ok) return why;
  const { user, client } = c.get("principal");
  const requestId = c.get("requestId");
  const entry = { at: unixSeconds(Date.now()), actor: { user, client }, operation, target, why: why.value, requestId };
  const begun = await askRecords(c.env, (records) => records.begin(entry));
  if (!begun.ok) return begun;
  const complete = async (status: number, code: string | undefined) => {
    const outcome = { at: unixSeconds(Date.now()), status, code, outcomes: c.get("outcomes") ?? {} };
    const completed = await askRecords(c.env, (records) => records.complete(begun.value, outcome));
    // The change was made: its caller must hear so. The record says that it was begun.
    if (!completed.ok) log.warn("audit_not_completed", { request_id: requestId });
  };
  try {
    const answer = await make();
    if (answer.ok) await complete(answer.value.status, undefined);
    else await complete(PROBLEMS[answer.error.code].status, answer.error.code);
    return answer;
  } catch (error) {
    await complete(PROBLEMS.internal_error.status, "internal_error");
    throw error;
  }
}

/** The reason that the request gives, read. Headers carry ASCII, so a reason in another script is percent-encoded. */
export function readReason(header: string | undefined): Result<string> {
  const reason = decoded(header?.trim() ?? "");
  if (reason === undefined || reason === "" || reason.length > MAX_REASON_CHARACTERS) {
    const got = header === undefined ? "none" : reason === undefined ? "a broken %" : `${reason.length}`;
    return refuse(
      "reason_missing",
      `expected the header ${REASON_HEADER} with 1 to ${MAX_REASON_CHARACTERS} characters, those beyond ASCII and % percent-encoded; got ${got}`,
    );
  }
  return ok(reason);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
