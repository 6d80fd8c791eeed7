/** Calls of the operator's routes with the token of this tab. A refusal is a value; only the caller's signal throws. */
import type { Problem } from "./operator-api-types.ts";

/** `code` is the directory's, or one of these two. */
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

/** What a call takes beside its path. `reason`: why an operator changes something, for the record. */
export type Extras = { readonly body?: unknown; readonly reason?: string };

export type Api = {
  readonly call: <T>(method: Method, path: string, extras?: Extras) => Promise<Answer<T>>;
};

export function apiWith(token: string): Api {
  return {
    call: async <T>(method: Method, path: string, { body, reason }: Extras = {}): Promise<Answer<T>> => {
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
        });
        return await read<T>(response);
      } catch {
        return refused("network_error", "The directory did not answer", "Whether the call took effect is not known.");
      }
    },
  };
}

async function read<T>(response: Response): Promise<Answer<T>> {
  const requestId = response.headers.get("X-Request-Id") ?? undefined;
  const value: unknown = await response.json().catch(() => undefined);
  if (response.ok && value !== undefined) return { ok: true, value: value as T };
  const problem = value as Partial<Problem> | undefined;
  if (problem?.code === undefined) {
    const title = "What answered is not this directory";
    return refused("unexpected_response", title, `It answered ${response.status}.`, response.status, requestId);
  }
  return refused(problem.code, problem.title ?? "", problem.detail ?? "", response.status, requestId);
}

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
