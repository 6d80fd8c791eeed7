/** The HTTP API of a directory, as the commands call it. */
import { decodeJwt } from "jose";
import * as z from "zod";

/** RFC 9457, as the directory answers whatever it refuses. */
const PROBLEM = z.looseObject({
  code: z.string(),
  title: z.string(),
  detail: z.string().optional(),
  instance: z.string().optional(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
});
export type Problem = z.infer<typeof PROBLEM>;

const TIMEOUT_MS = 60_000;
const SERVER_ERROR = 500;

/** The directory has refused the request. */
export class Refusal extends Error {
  override name = "Refusal";
  readonly status: number;
  readonly problem: Problem;
  readonly retryAfter: string | undefined;

  constructor(status: number, problem: Problem, retryAfter: string | undefined) {
    super(problem.title);
    this.status = status;
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  /** Whether it is the directory that failed, and not the request. */
  get isFailure(): boolean {
    return this.status >= SERVER_ERROR;
  }
}

/** There was no answer, or one that is not a directory's. */
export class Unreachable extends Error {
  override name = "Unreachable";
}

type Request = {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses besides 2xx whose body is the answer too. */
  readonly also?: readonly number[];
};

export type Answered<T> = { readonly status: number; readonly body: T; readonly headers: Headers };

export class DirectoryClient {
  readonly address: string;
  readonly #token: string | undefined;
  readonly #scheme: "Bearer" | "Capability";

  /** Without a token, for what anyone may read; `Capability` for a secret in place of one. */
  constructor(address: string, token?: string, scheme: "Bearer" | "Capability" = "Bearer") {
    this.address = address;
    this.#token = token;
    this.#scheme = scheme;
  }

  /** For which directory the token is, by its own word; undefined if it does not say so. */
  get audience(): string | undefined {
    try {
      const { aud } = decodeJwt(this.#token ?? "");
      return Array.isArray(aud) ? aud[0] : aud;
    } catch {
      return undefined;
    }
  }

  /** Throws `Refusal` or `Unreachable`. */
  async call<T>(method: string, path: string, answer: z.ZodType<T>, request: Request = {}): Promise<Answered<T>> {
    const response = await this.#send(method, path, request);
    const text = await response.text().catch((cause: unknown) => {
      throw new Unreachable(`${this.address} broke off its answer: ${reasonOf(cause)}`);
    });
    const json = jsonOf(text);
    if (response.ok || request.also?.includes(response.status)) {
      const parsed = answer.safeParse(json);
      if (parsed.success) return { status: response.status, body: parsed.data, headers: response.headers };
    }
    const problem = response.ok ? undefined : PROBLEM.safeParse(json);
    if (!problem?.success) {
      throw new Unreachable(`${this.address} answered ${response.status} with what is not an answer of a directory`);
    }
    throw new Refusal(response.status, problem.data, response.headers.get("retry-after") ?? undefined);
  }

  async #send(method: string, path: string, { body, headers }: Request): Promise<Response> {
    try {
      return await fetch(this.address + path, {
        method,
        headers: {
          ...(this.#token === undefined ? {} : { authorization: `${this.#scheme} ${this.#token}` }),
          accept: "application/json",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // A redirect would take the token elsewhere.
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (cause) {
      throw new Unreachable(`cannot reach ${this.address}: ${reasonOf(cause)}`);
    }
  }
}

/** A path with its identifiers encoded. */
export const pathOf = (...segments: readonly string[]): string => `/v1/${segments.map(encodeURIComponent).join("/")}`;

/** fetch hides the reason in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || ("code" in cause ? String(cause.code) : cause.name);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
