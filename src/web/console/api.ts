/** Calls of the operator's routes with the token of this tab. Whatever goes wrong is a value. */
import type { Problem } from "./operator-api-types.ts";

/** Codes of what is said here and not by the directory. */
const OWN_CODES = ["network_error", "not_sent", "stopped", "unexpected_response"];

export const isOwnCode = (code: string): boolean => OWN_CODES.includes(code);

/** `code` is the directory's, or one of those. */
export type Refusal = {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly status: number;
  /** Names the request in the log of the directory. */
  readonly requestId: string | undefined;
};

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

type Method = "GET" | "POST" | "PUT" | "DELETE";

/**
 * What a call takes beside its path. `reason`: why an operator changes something, for the record. `signal` stops a call;
 * what came of it is not known then. `goesOn`: a read that is wanted even if the page is left.
 */
export type Extras = {
  readonly body?: unknown;
  readonly reason?: string;
  readonly signal?: AbortSignal;
  readonly goesOn?: boolean;
};

export type Api = {
  readonly call: <T>(method: Method, path: string, extras?: Extras) => Promise<Answer<T>>;
};

export function apiWith(token: string): Api {
  return {
    call: async <T>(method: Method, path: string, { body, reason, signal }: Extras = {}): Promise<Answer<T>> => {
      const unsendable = whyUnsendable(token, path, reason);
      if (unsendable !== undefined) return refused("not_sent", "Nothing was sent", unsendable);
      try {
        const response = await fetch(path, {
          method,
          headers: {
            Authorization: `Bearer ${token}`,
            ...(body === undefined ? {} : { "Content-Type": "application/json" }),
            // Headers carry ASCII alone.
            ...(reason === undefined ? {} : { "Operator-Reason": encodeURIComponent(reason) }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          ...(signal === undefined ? {} : { signal }),
        });
        return await read<T>(method, response);
      } catch {
        if (signal?.aborted === true) return refused("stopped", "It was stopped", "");
        return refused("network_error", "The directory did not answer", effectOf(method));
      }
    },
  };
}

/** Reads stop with the signal, unless they are to go on. A change goes on: its outcome must be told. */
export const untilLeft = (api: Api, signal: AbortSignal): Api => ({
  call: (method, where, extras) =>
    api.call(method, where, method === "GET" && extras?.goesOn !== true ? { ...extras, signal } : extras),
});

function whyUnsendable(token: string, path: string, reason: string | undefined): string | undefined {
  if (!/^[\x21-\x7e]+$/.test(token)) return "The token has a character that no token has.";
  // An address with such a step leads elsewhere: to erase the user `.` would be to revoke the user `data`.
  const step = path
    .replace(/\?.*/, "")
    .split("/")
    .find((segment) => segment === "." || segment === "..");
  if (step !== undefined) return `No address can have the name “${step}” in it.`;
  if (reason?.isWellFormed() === false) return "The reason has half a character in it.";
  return undefined;
}

const effectOf = (method: Method): string =>
  method === "GET" ? "Nothing was changed." : "Whether the call took effect is not known.";

/** Throws where the connection is lost before the whole answer is there. */
async function read<T>(method: Method, response: Response): Promise<Answer<T>> {
  const requestId = response.headers.get("X-Request-Id") ?? undefined;
  const { status } = response;
  const value = parsed(await response.text());
  if (response.ok && value !== undefined) return { ok: true, value: value as T };
  const problem = value as Partial<Problem> | undefined;
  if (typeof problem?.code !== "string") return unexpected(`It answered ${status}.`, method, status, requestId);
  return refused(problem.code, problem.title ?? "", problem.detail ?? "", status, requestId);
}

/** The directory answers with objects alone. */
function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Also for an answer in which something is missing that the page was to show. */
export const unexpected = (said: string, method: Method, status = 0, requestId: string | undefined = undefined) =>
  refused(
    "unexpected_response",
    "What answered is not this directory",
    `${said} ${effectOf(method)}`,
    status,
    requestId,
  );

const refused = (
  code: string,
  title: string,
  detail: string,
  status = 0,
  requestId: string | undefined = undefined,
): { readonly ok: false; readonly refusal: Refusal } => ({
  ok: false,
  refusal: { code, title, detail, status, requestId },
});

/** A path with identifiers of others in it. */
export function path(strings: TemplateStringsArray, ...identifiers: readonly string[]): string {
  return strings.map((part, index) => part + encodeURIComponent(identifiers[index] ?? "")).join("");
}
