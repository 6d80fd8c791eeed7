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
  /** Asks this version of the Worker, of several that share the traffic. */
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

type Answer = { readonly status: number; readonly code: string | undefined; readonly detail: string | undefined };

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
      const { code, detail } = (await response.json().catch(() => ({}))) as { code?: string; detail?: string };
      return { status: response.status, code, detail };
    } catch (error) {
      return { status: 0, code: undefined, detail: String(error) };
    }
  };

  const ready = async (): Promise<Answer> => {
    for (let attempt = 1; ; attempt++) {
      const answer = await ask("GET", "/readyz");
      if (answer.status === 200 || attempt === READY_ATTEMPTS) return answer;
      await pause(READY_PAUSE_MS);
    }
  };

  const checks = [check("it is ready", await ready(), 200)];
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
