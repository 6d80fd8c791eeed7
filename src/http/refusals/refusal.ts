/** A refusal as a value, on its way to the caller. Knows nothing of HTTP but its status codes. */
import type { Result as ResultOf } from "../../shared/ok-or-error.ts";
import type { ProblemCode } from "./problem-codes.ts";

export type Refusal = {
  readonly code: ProblemCode;
  /** What was expected and what came, and what to do where that does not follow. */
  readonly detail: string;
  /** Members of the problem document beyond those of RFC 9457 (§3.2). */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds?: number;
};

/** A value, or why there is none. */
export type Result<T> = ResultOf<T, Refusal>;

export { ok } from "../../shared/ok-or-error.ts";

export function refuse(code: ProblemCode, detail: string, more: Omit<Refusal, "code" | "detail"> = {}) {
  return { ok: false, error: { code, detail, ...more } } as const;
}
