/** Why a call did not do what it was asked to. */
import type { Result } from "../mls/result.ts";

/** Codes of this library; every other code is the directory's own, from its problem details. */
export type LocalErrorCode =
  /** Nobody answered: no network, a wrong address, a time-out. Whether the call took effect is not known. */
  | "network_error"
  /** What answered is not the directory, or not one that this library knows. */
  | "unexpected_response"
  /** The caller's signal was aborted. */
  | "aborted"
  /** The `token` callback failed, or what it gave is not a token. */
  | "token_unavailable"
  /** Storage did not keep or give what was asked of it. */
  | "storage_failed"
  /** The `maker` failed, or what it made cannot be published. */
  | "maker_failed"
  /** An argument is not what the call takes. */
  | "invalid_argument";

/** What a DirectoryError is made of. */
export type DirectoryErrorParts = {
  readonly code: string;
  readonly detail: string;
  /** Of the HTTP answer; 0 if there was none. */
  readonly status?: number;
  readonly retryAfterSeconds?: number | undefined;
  readonly requestId?: string | undefined;
  /** The whole problem document, which for some codes has members of its own. */
  readonly problem?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: unknown;
};

/** The one error that this library throws. Programs look at `code`, which is stable; `detail` is for people. */
export class DirectoryError extends Error {
  declare readonly code: LocalErrorCode | (string & {});
  declare readonly status: number;
  declare readonly detail: string;
  declare readonly retryAfterSeconds: number | undefined;
  /** Names the request in the directory's log. */
  declare readonly requestId: string | undefined;
  declare readonly problem: Readonly<Record<string, unknown>> | undefined;

  constructor(parts: DirectoryErrorParts) {
    super(`${parts.code}: ${parts.detail}`, parts);
    Object.assign(this, { name: "DirectoryError", status: 0 }, parts);
  }
}

/** An error of this library itself. */
export const localError = (code: LocalErrorCode, detail: string): DirectoryError =>
  new DirectoryError({ code, detail });

/** The error as it is, or as the cause of one with this code. */
export function asDirectoryError(cause: unknown, code: LocalErrorCode, what: string): DirectoryError {
  if (cause instanceof DirectoryError) return cause;
  return new DirectoryError({ code, detail: `${what}: ${cause instanceof Error ? cause.message : cause}`, cause });
}

/** Whether the error is the directory's, with this code. */
export const isRefusal = (error: unknown, code: string): error is DirectoryError =>
  error instanceof DirectoryError && error.code === code;

/** The result of the work; what it fails with becomes the cause of an error with this code. */
export async function orFail<T>(code: LocalErrorCode, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw asDirectoryError(cause, code, what);
  }
}

/** What a call of `./mls` gave, or its error as a throw. */
export function unwrapped<T>(result: Result<T, { readonly message: string }>): T {
  if (result.ok) return result.value;
  throw new Error(result.error.message);
}
