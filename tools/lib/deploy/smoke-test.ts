/**
 * A smoke test of a directory: over HTTP alone, and without writing anything. With the token of a claimer it goes
 * through everything that a claim needs: the issuer's keys, the pool and the database, by asking for a user that does
 * not exist.
 */

export type Check = { readonly name: string; readonly fault: string | undefined };

export type SmokeTarget = {
  readonly url: string;
  /** Of a claimer. Without one, claims are only seen to be refused. */
  readonly claimToken?: string | undefined;
  /** Asks this version of the Worker, of several that may share the traffic; fails if another one answers. */
  readonly version?: { readonly worker: string; readonly id: string } | undefined;
  /** The name of a user that does not exist. */
  readonly stranger: string;
};

export type SmokeParts = {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly pause: (ms: number) => Promise<void>;
};

/** A new deployment takes a while to be everywhere, and a new name to be known: this often it is asked, so far apart. */
const READY_ATTEMPTS = 12;
const READY_PAUSE_MS = 5_000;
const REQUEST_TIMEOUT_MS = 20_000;
/**
 * A version that is asked for must give so many answers in a row. If the platform does not heed the header, its share of
 * the traffic answers: at 50 % that happens in one of a million runs.
 */
const ANSWERS_OF_VERSION = 20;

type Answer = {
  readonly status: number;
  readonly code: string | undefined;
  readonly detail: string | undefined;
  readonly version: string | undefined;
};

/** Never rejects: whatever goes wrong is the fault of a check. */
export async function smoke(target: SmokeTarget, { fetch, pause }: SmokeParts): Promise<readonly Check[]> {
  const ask = async (method: string, path: string, token?: string): Promise<Answer> => {
    try {
      const response = await fetch(target.url.replace(/\/+$/, "") + path, {
        method,
        ...(method === "POST" ? { body: "{}" } : {}),
        headers: {
          "content-type": "application/json",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(target.version
            ? { "Cloudflare-Workers-Version-Overrides": `${target.version.worker}="${target.version.id}"` }
            : {}),
        },
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      const { code, detail, version } = (await response.json().catch(() => ({}))) as Partial<Answer>;
      return { status: response.status, code, detail, version };
    } catch (error) {
      return { status: 0, code: undefined, detail: String(error), version: undefined };
    }
  };

  const lookOnce = async (): Promise<Check> => {
    const name = "it is ready";
    for (let answers = 0; answers < (target.version ? ANSWERS_OF_VERSION : 1); answers++) {
      const answer = await ask("GET", "/readyz");
      const looked = check(name, answer, 200);
      if (looked.fault !== undefined) return looked;
      if (target.version && answer.version !== target.version.id) {
        const got = answer.version === undefined ? "one that names none" : `one of version ${answer.version}`;
        return { name, fault: `expected an answer of version ${target.version.id}, got ${got}` };
      }
    }
    return { name, fault: undefined };
  };

  const ready = async (): Promise<Check> => {
    for (let attempt = 1; ; attempt++) {
      const looked = await lookOnce();
      if (looked.fault === undefined || attempt === READY_ATTEMPTS) return looked;
      await pause(READY_PAUSE_MS);
    }
  };

  const checks = [await ready()];
  // What follows would only say the same again.
  if (checks[0]?.fault !== undefined) return checks;
  const claims = `/v1/users/${encodeURIComponent(target.stranger)}/claims`;
  checks.push(
    check("it is alive", await ask("GET", "/healthz"), 200),
    check("its policy can be read", await ask("GET", "/v1/policy"), 200),
    check("a claim without a token is refused", await ask("POST", claims), 401, "token_missing"),
    check("a claim with a token of nobody is refused", await ask("POST", claims, "x.y.z"), 401, "token_invalid"),
    check("the operator's routes are closed", await ask("GET", "/v1/admin/restore-epoch"), 401, "token_missing"),
  );
  if (target.claimToken !== undefined) {
    const answer = await ask("POST", claims, target.claimToken);
    checks.push(check("a claim reaches the pool of a user that does not exist", answer, 404, "unknown_user"));
  }
  return checks;
}

function check(name: string, answer: Answer, status: number, code?: string): Check {
  if (answer.status === status && (code === undefined || answer.code === code)) return { name, fault: undefined };
  const got = answer.status === 0 ? "no answer" : `${answer.status} ${answer.code ?? ""}`.trim();
  const detail = answer.detail === undefined ? "" : ` (${answer.detail})`;
  return { name, fault: `expected ${status}${code === undefined ? "" : ` ${code}`}, got ${got}${detail}` };
}

/** One line for each check. */
export const smokeReport = (checks: readonly Check[]): string =>
  checks.map(({ name, fault }) => (fault === undefined ? `ok      ${name}` : `failed  ${name}: ${fault}`)).join("\n");

export const smokePassed = (checks: readonly Check[]): boolean => checks.every(({ fault }) => fault === undefined);
