/** One call over HTTP: the token, the time-out, retries where they are safe, and answers as values or errors. */
import type { Problem } from "./api-types.ts";
import { asDirectoryError, DirectoryError, localError } from "./directory-error.ts";
import { aborted, type Platform, throwIfAborted } from "./platform.ts";

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
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** From the root of the directory, with its query. */
  readonly path: string;
  readonly scope: Scope | "none";
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  /** Whether it may take effect twice without harm, so that it is sent again after a lost reply. */
  readonly repeatable: boolean;
  readonly signal?: AbortSignal | undefined;
};

export type Answer = {
  readonly status: number;
  readonly body: unknown;
  readonly replayed: boolean;
};

type TransportOptions = {
  readonly url: string;
  readonly token: TokenSource;
  readonly platform: Platform;
  readonly retries: RetrySettings;
};

/** The directory did not do it and may do it the next time. */
const isPassing = ({ status, code }: DirectoryError): boolean =>
  code === "network_error" || status === 429 || status === 500 || (status >= 502 && status <= 504);

export class Transport {
  readonly #url: string;
  readonly #token: TokenSource;
  readonly #platform: Platform;
  readonly #retries: RetrySettings;
  #clockOffsetMs = 0;

  constructor({ url, token, platform, retries }: TransportOptions) {
    this.#url = url.replace(/\/+$/, "");
    this.#token = token;
    this.#platform = platform;
    this.#retries = retries;
  }

  /** How far the directory's clock is ahead of the device's, by the `Date` of its last answer; 0 before the first. */
  clockOffsetMs(): number {
    return this.#clockOffsetMs;
  }

  /** Sends the call, again where that is safe, and throws a DirectoryError for every answer but a 2xx. */
  async send(call: Call): Promise<Answer> {
    let refreshed = false;
    for (let attempt = 1; ; attempt++) {
      throwIfAborted(call.signal);
      try {
        return await this.#once(call, refreshed);
      } catch (cause) {
        const error = asDirectoryError(cause, "network_error", `${call.method} ${call.path}`);
        if (error.status === 401 && call.scope !== "none" && !refreshed) {
          // Refused before anything was done, so that any call can be sent again. It is no attempt of its own.
          refreshed = true;
          attempt--;
          continue;
        }
        const wait = this.#waitMs(call, error, attempt);
        if (wait === undefined) throw error;
        await this.#platform.sleep(wait, call.signal);
      }
    }
  }

  /** Full jitter: devices that failed together do not come back together. Undefined: not again. */
  #waitMs(call: Call, error: DirectoryError, attempt: number): number | undefined {
    const { attempts, baseMs, maxMs, maxRetryAfterSeconds } = this.#retries;
    if (!call.repeatable || attempt >= attempts || !isPassing(error)) return undefined;
    const { retryAfterSeconds = 0 } = error;
    if (retryAfterSeconds > maxRetryAfterSeconds) return undefined;
    // A refusal that names no time is not hammered: the budget behind it is counted in minutes or hours.
    if (error.status === 429 && error.retryAfterSeconds === undefined) return undefined;
    const jitter = this.#platform.jitter() * Math.min(maxMs, baseMs * 2 ** (attempt - 1));
    return retryAfterSeconds * 1000 + jitter;
  }

  async #once(call: Call, refresh: boolean): Promise<Answer> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (call.scope !== "none") headers.Authorization = `Bearer ${await this.#bearer(call, call.scope, refresh)}`;
    if (call.body !== undefined) headers["Content-Type"] = "application/json";
    if (call.idempotencyKey !== undefined) headers["Idempotency-Key"] = call.idempotencyKey;
    const controller = new AbortController();
    const onAbort = () => controller.abort(call.signal?.reason);
    call.signal?.addEventListener("abort", onAbort, { once: true });
    const inTime = this.#platform.deadline(this.#retries.attemptTimeoutMs, () => controller.abort(TIMED_OUT));
    try {
      const sentAt = this.#platform.now();
      const response = await this.#platform.fetch(this.#url + call.path, {
        method: call.method,
        headers,
        signal: controller.signal,
        // Never followed with a token. "error" would say so, and Workers do not know it.
        redirect: "manual",
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      });
      this.#readClock(response, sentAt);
      return await readAnswer(response);
    } catch (cause) {
      throwIfAborted(call.signal);
      const late = controller.signal.aborted ? `no answer within ${this.#retries.attemptTimeoutMs} ms` : undefined;
      throw asDirectoryError(late ?? cause, "network_error", `${call.method} ${call.path}`);
    } finally {
      inTime();
      call.signal?.removeEventListener("abort", onAbort);
    }
  }

  async #bearer(call: Call, scope: Scope, refresh: boolean): Promise<string> {
    let token: unknown;
    try {
      token = await this.#token({ scope, refresh, signal: call.signal });
    } catch (cause) {
      if (call.signal?.aborted) throw aborted(call.signal);
      throw asDirectoryError(cause, "token_unavailable", "the token callback failed");
    }
    if (typeof token === "string" && token !== "") return token;
    throw localError("token_unavailable", "expected a token from the token callback");
  }

  /** `Date` has whole seconds and was written between sending and now; a page sees it only if the server exposes it. */
  #readClock(response: Response, sentAt: number): void {
    const at = Date.parse(response.headers.get("Date") ?? "");
    if (Number.isNaN(at)) return;
    const receivedAt = this.#platform.now();
    const offset = at + 500 - (sentAt + receivedAt) / 2;
    // Within the error of such a reading the two clocks are the same.
    this.#clockOffsetMs = Math.abs(offset) <= 1_500 + (receivedAt - sentAt) / 2 ? 0 : Math.round(offset);
  }
}

const TIMED_OUT = "timed out";

async function readAnswer(response: Response): Promise<Answer> {
  const { status, ok, headers } = response;
  const body = parsed(await response.text());
  if (ok && body !== undefined) return { status, body, replayed: headers.get("Idempotent-Replayed") === "true" };
  const retryAfterSeconds = readRetryAfter(headers.get("Retry-After"));
  const requestId = headers.get("X-Request-Id") ?? undefined;
  if (!ok && isProblem(body)) {
    const { code, detail, title, instance } = body;
    throw new DirectoryError({
      code,
      detail: detail ?? title,
      status,
      retryAfterSeconds,
      requestId: requestId ?? instance,
      problem: body,
    });
  }
  const expected = ok ? "JSON" : "problem details with a code";
  const detail = `expected ${expected}, got ${status} with ${headers.get("Content-Type") ?? "no type"}`;
  throw new DirectoryError({ code: "unexpected_response", detail, status, retryAfterSeconds, requestId });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isProblem = (body: unknown): body is Problem =>
  typeof body === "object" && body !== null && typeof (body as { code?: unknown }).code === "string";

/** The directory sends whole seconds; a date, which a proxy may send, says nothing that a wrong clock could use. */
function readRetryAfter(header: string | null): number | undefined {
  return header !== null && /^\d{1,9}$/.test(header) ? Number(header) : undefined;
}
