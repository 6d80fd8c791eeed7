/** Problem details (RFC 9457): how a refusal is answered. */
import type { Context } from "hono";
import type { AppEnv } from "../bindings.ts";
import { PROBLEMS, problemType } from "../refusals/problem-codes.ts";
import type { Refusal } from "../refusals/refusal.ts";

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
    type: problemType(new URL(c.req.url).origin, code),
    title,
    status,
    code,
    detail,
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
