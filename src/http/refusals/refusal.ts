/** Problem details (RFC 9457): how a refusal travels and how it is answered. */
import type { Context } from "hono";
import type { AppEnv } from "../bindings.ts";
import { PROBLEMS, type ProblemCode } from "./problem-codes.ts";

/** A refusal as a value, on its way to the caller. */
export type Refusal = {
  readonly code: ProblemCode;
  readonly detail?: string;
  /** Members of the problem document beyond those of RFC 9457 (§3.2). */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds?: number;
};

export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export const accept = <T>(value: T): Checked<T> => ({ ok: true, value });

export function refuse(code: ProblemCode, detail?: string, more: Omit<Refusal, "code" | "detail"> = {}) {
  return { ok: false, refusal: { code, ...(detail === undefined ? {} : { detail }), ...more } } as const;
}

/** The `type` of a code: a name, not an address, so that it is the same at every deployment. */
export const problemType = (code: ProblemCode): string => `urn:mls-key-directory:problem:${code}`;

/** Answers a refusal as application/problem+json. */
export function problem(
  c: Context<AppEnv>,
  refusal: Refusal,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const { code, detail, members, retryAfterSeconds } = refusal;
  const { status, title } = PROBLEMS[code];
  c.set("problem", code);
  const document = {
    type: problemType(code),
    title,
    status,
    code,
    ...(detail === undefined ? {} : { detail }),
    instance: `urn:uuid:${c.get("requestId")}`,
    ...members,
  };
  return c.body(JSON.stringify(document), status, {
    "Content-Type": "application/problem+json",
    "Cache-Control": "no-store",
    ...(retryAfterSeconds === undefined ? {} : { "Retry-After": String(retryAfterSeconds) }),
    ...headers,
  });
}
