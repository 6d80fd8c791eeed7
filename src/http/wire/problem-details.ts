/** Problem details (RFC 9457): how a refusal is answered. */
import type { Context } from "hono";
import type { AppEnv } from "../bindings.ts";
import { PROBLEMS, type ProblemCode } from "../refusals/problem-codes.ts";
import type { Refusal } from "../refusals/refusal.ts";

/** The `type` of a code: a name, not an address, so that it is the same at every deployment. */
const problemType = (code: ProblemCode): string => `urn:mls-key-directory:problem:${code}`;

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
