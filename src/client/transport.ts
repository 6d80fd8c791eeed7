/** One call over HTTP: the token, the time-out, retries where they are safe, and answers as values or errors. */
import type { Problem } from "./api-types.ts";
import { asDirectoryError, DirectoryError, localError, orFail } from "./directory-error.ts";
import { onAbort, type Platform, throwIfAborted } from "./platform.ts";

/** What a token must allow. */
export type Scope = "key-packages:publish" | "key-packages:claim";

export type TokenRequest = {
  readonly scope: Scope;
  /** True after the directory refused the last one with 401: a cached token is of no use then. */
  readonly refresh: boolean;
  readonly signal: AbortSignal | undefined;
};

/** Gives a bearer token for this user and client. */
export type TokenSource = (request: TokenRequest) => Promise<string>;

export type RetrySettings = {
  /** How often a call is sent at most; 1 means no retries. */
  readonly attempts: number;
  /** The first pause is up to this long, each further one up to twice as long as the one before. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** A `Retry-After` up to this long is waited for; after a longer one the error is thrown, with the time in it. */
  readonly maxRetryAfterSeconds: number;
  /** After this long an attempt counts as failed. */
  readonly attemptTimeoutMs: number;
};

export const DEFAULT_RETRIES: RetrySettings = {
  attempts: 4,
  baseMs: 250,
  maxMs: 8_000,
  maxRetryAfterSeconds: 10,
  attemptTimeoutMs: 30_000,
};

export type Call = {
  /** All but a DELETE may take effect twice without harm, and are sent again after a lost reply. */
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** From the root of the directory, with its query. */
  readonly path: string;
  /** Without one, no token is sent. */
  readonly scope?: Scope;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal | undefined;
};

export type Answer = {
  readonly body: unknown;
  /** Whether it is the answer of an earlier try under the same key. */
  readonly replayed: boolean;
};

export type Transport = {
  /** Sends the call, again where that is safe, and throws a DirectoryError for every answer but a 2xx. */
  readonly send: (call: Call) => Promise<Answer>;
  /** How often a call is sent at most. */
  readonly attempts: number;
  /** Waits before the try after this one. */
  readonly pause: (attempt: number, signal: AbortSignal | undefined, leastSeconds?: number) => Promise<void>;
  /** How far the directory's clock is ahead of the device's, by the `Date` of its last answer; 0 before the first. */
  readonly clockOffsetMs: () => number;
};

type TransportOptions = {
  readonly url: string;
  readonly token: TokenSource;
  readonly platform: Platform;
  readonly retries: RetrySettings;
};

export function openTransport({ url, token, platform, retries }: TransportOptions): Transport {
  const root = url.replace(/\/+$/, "");
  let clockOffsetMs = 0;

  /** `Date` has whole seconds and was written between sending and now; a page sees it only if the server exposes it. */
  function readClock(date: string | null, sentAt: number): void {
    const at = Date.parse(date ?? "");
    if (Number.isNaN(at)) return;
    const tookMs = platform.now() - sentAt;
    const offset = at + 500 - sentAt - tookMs / 2;
    // Within the error of such a reading the two clocks are the same.
    clockOffsetMs = Math.abs(offset) <= 1_500 + tookMs / 2 ? 0 : Math.round(offset);
  }

  async function headersOf({ scope, body, idempotencyKey, signal }: Call, refresh: boolean) {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (idempotencyKey !== undefined) headers["Idempotency-Key"] = idempotencyKey;
    if (scope === undefined) return headers;
    const bearer: unknown = await orFail("token_unavailable", "the token callback failed", () =>
      token({ scope, refresh, signal }),
    );
    if (typeof bearer !== "string" || bearer === "") {
      throw localError("token_unavailable", "expected a token from the token callback");
    }
    headers.Authorization = `Bearer ${bearer}`;
    return headers;
  }

  async function once(call: Call, refresh: boolean): Promise<Answer> {
    const { method, path, body, signal } = call;
    const headers = await headersOf(call, refresh);
    const controller = new AbortController();
    const ignore = onAbort(signal, () => controller.abort());
    const { attemptTimeoutMs } = retries;
    const inTime = platform.deadline(attemptTimeoutMs, () =>
      controller.abort(new Error(`no answer within ${attemptTimeoutMs} ms`)),
    );
    try {
      const sentAt = platform.now();
      const response = await platform.fetch(root + path, {
        method,
        headers,
        signal: controller.signal,
        // Never followed with a token. "error" would say so, and Workers do not know it.
        redirect: "manual",
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      readClock(response.headers.get("Date"), sentAt);
      return await readAnswer(response);
    } catch (cause) {
      // Not every platform rejects with the reason of the signal.
      throw asDirectoryError(controller.signal.reason ?? cause, "network_error", `${method} ${path}`);
    } finally {
      inTime();
      ignore();
    }
  }

  /** Full jitter: devices that failed together do not come back together. */
  const pause: Transport["pause"] = (attempt, signal, leastSeconds = 0) =>
    platform.sleep(
      leastSeconds * 1000 + platform.jitter() * Math.min(retries.maxMs, retries.baseMs * 2 ** (attempt - 1)),
      signal,
    );

  async function send(call: Call, attempt = 1, refresh = false): Promise<Answer> {
    const { method, scope, signal } = call;
    throwIfAborted(signal);
    try {
      return await once(call, refresh);
    } catch (cause) {
      throwIfAborted(signal);
      const error = asDirectoryError(cause, "network_error", method);
      // Refused before anything was done, so that any call can be sent again. It is no attempt of its own.
      if (error.status === 401 && scope !== undefined && !refresh) return send(call, attempt, true);
      const { retryAfterSeconds = 0 } = error;
      const isLast = attempt >= retries.attempts || retryAfterSeconds > retries.maxRetryAfterSeconds;
      if (isLast || method === "DELETE" || !isPassing(error)) throw error;
      await pause(attempt, signal, retryAfterSeconds);
      return send(call, attempt + 1, refresh);
    }
  }

  return { send, pause, attempts: retries.attempts, clockOffsetMs: () => clockOffsetMs };
}

/**
 * The directory did not do it and may do it the next time. A refusal that names no time is not hammered: the budget behind
 * it is counted in minutes or hours.
 */
const isPassing = ({ status, code, retryAfterSeconds }: DirectoryError): boolean =>
  code === "network_error" ||
  [500, 502, 503, 504].includes(status) ||
  (status === 429 && retryAfterSeconds !== undefined);

async function readAnswer(response: Response): Promise<Answer> {
  const { status, ok, headers } = response;
  const body = parsed(await response.text());
  if (ok && body !== undefined) return { body, replayed: headers.get("Idempotent-Replayed") === "true" };
  const problem = !ok && isProblem(body) ? body : undefined;
  const expected = ok ? "JSON" : "problem details with a code";
  const unknown = `expected ${expected}, got ${status} with ${headers.get("Content-Type")}`;
  // The directory sends whole seconds; a date, which a proxy may send, says nothing that a wrong clock could use.
  const retryAfter = headers.get("Retry-After") ?? "";
  throw new DirectoryError({
    code: problem?.code ?? "unexpected_response",
    detail: problem ? (problem.detail ?? problem.title) : unknown,
    status,
    retryAfterSeconds: /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) : undefined,
    requestId: headers.get("X-Request-Id") ?? problem?.instance,
    problem,
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isProblem = (body: unknown): body is Problem => typeof (body as Partial<Problem> | null)?.code === "string";
