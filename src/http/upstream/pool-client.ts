/**
 * A user's pool as the Worker calls it: user and restore epoch are filled in, calls are bounded in time and repeated only
 * where that is safe, and whatever is not an answer is a refusal.
 */
import {
  MAX_CLAIM_CAPABILITIES,
  MAX_CLIENTS_PER_USER,
  NEWER_SCHEMA_RETRY_AFTER_SECONDS,
  POOL_CALL_ATTEMPTS,
  POOL_CALL_TIMEOUT_MS,
  POOL_RETRY_PAUSE_MS,
  UNAVAILABLE_RETRY_AFTER_SECONDS,
} from "../../config/limits.ts";
import type { ClaimCall } from "../../contract/claim-messages.ts";
import type { ForgetAnswer, ForgetCall, ResyncAnswer } from "../../contract/operator-messages.ts";
import type { CallerToken, PoolCall } from "../../contract/pool-call.ts";
import { type SignatureScheme, signatureSchemeName } from "../../mls/ciphersuite.ts";
import { type PoolPlacement, poolById, poolFor } from "../../pool/address.ts";
import type { Pool } from "../../pool/pool.ts";
import { log } from "../../shared/log.ts";
import { pause } from "../../shared/pause.ts";
import { withTimeout } from "../../shared/with-timeout.ts";
import { PROBLEMS, type ProblemCode } from "../refusals/problem-codes.ts";
import { ok, type Result, refuse } from "../refusals/refusal.ts";
import { shownText } from "../wire/shown-value.ts";
import { knownRestoreEpoch, rememberRestoreEpoch } from "./restore-epoch-cache.ts";

/**
 * `safe`: the call may take effect twice without harm, so it is repeated when the platform says that the failure may
 * pass (Durable Object errors `retryable`). `once`: a lost reply may have taken effect; only the caller knows what to do.
 */
type Repetition = "safe" | "once";

/** Every call of a pool, and whether it may be repeated. */
const REPETITION = {
  register: "safe",
  getClient: "safe",
  preflight: "safe",
  publish: "safe",
  remove: "safe",
  reconcile: "safe",
  // After a lost reply the second call would say that there never was such a client.
  revoke: "once",
  endClient: "safe",
  revokeUser: "safe",
  erase: "safe",
  journal: "safe",
  userJournal: "safe",
  storedPackages: "safe",
  forgetClaimers: "safe",
  resetBudgets: "safe",
  raiseBudgets: "safe",
  countBefore: "safe",
  // Without a key a lost reply may have taken packages that could never be asked for again.
  claim: ({ idempotency }: Pick<ClaimCall, "idempotency">) => (idempotency ? "safe" : "once"),
  locate: "safe",
  claimWithCapability: ({ idempotency }: Pick<ClaimCall, "idempotency">) => (idempotency ? "safe" : "once"),
  createCapability: "safe",
  listCapabilities: "safe",
  revokeCapability: "safe",
  view: "safe",
  resync: "safe",
} as const satisfies Readonly<Record<string, Repetition | ((call: ClaimCall) => Repetition)>>;

type Method = keyof typeof REPETITION;

type CallOf<M extends Method> = Parameters<Pool[M]>[0];
type AnswerOf<M extends Method> = Awaited<ReturnType<Pool[M]>>;

/**
 * The pool's methods as the Worker sees them. Only plain values cross (contract/), so the platform's own types, which
 * allow for stubs within answers and pull unions apart, say less.
 */
export type RemotePool = { readonly [M in Method]: (call: CallOf<M>) => Promise<AnswerOf<M>> };

/** An answer without the outcomes that are refusals: those have the name of a problem. */
type Accepted<Answer> = Answer extends { readonly outcome: ProblemCode } ? never : Answer;

export type PoolClient = {
  readonly [M in Method]: (call: Omit<CallOf<M>, keyof PoolCall>) => Promise<Result<Accepted<AnswerOf<M>>>>;
};

type AnyCall = (call: object) => Promise<Result<never>>;

/** The pool of `user`. `token` is that of a caller who is a client of this very user. */
export function poolClient(env: PoolPlacement, user: string, token?: CallerToken): PoolClient {
  const call =
    (method: Method): AnyCall =>
    async (rest) => {
      const whole = { ...rest, user, restoreEpoch: knownRestoreEpoch(), ...(token ? { token } : {}) };
      const repetition = REPETITION[method];
      const answer = await callPool(
        env,
        user,
        typeof repetition === "string" ? repetition : repetition(whole as never),
        (pool) => (pool[method] as (call: object) => Promise<unknown>)(whole),
      );
      if (!answer.ok) return answer;
      // A pool may know of an epoch that D1 has lost.
      const { restoreEpoch } = answer.value as { readonly restoreEpoch?: number };
      if (restoreEpoch !== undefined) rememberRestoreEpoch(restoreEpoch);
      return accepted(answer.value, whole) as Result<never>;
    };
  return Object.fromEntries(
    (Object.keys(REPETITION) as Method[]).map((method) => [method, call(method)]),
  ) as PoolClient;
}

/** Calls the pool with this object id to send its user to the directory again; undefined if no pool can have that id. */
export function resyncPool(env: PoolPlacement, id: string): Promise<Result<ResyncAnswer>> | undefined {
  if (!poolById(env, id)) return undefined;
  const stub = () => poolById(env, id);
  return callStub(stub, REPETITION.resync, (pool) => pool.resync({ restoreEpoch: knownRestoreEpoch() }));
}

/** The user of the pool with this object id; undefined if there is none, or if it does not say. */
export async function userOfPool(env: PoolPlacement, id: string): Promise<string | undefined> {
  const answer = await callStub(
    () => poolById(env, id),
    "safe",
    (pool) => (pool as unknown as Named).whose(),
  );
  return answer.ok ? answer.value : undefined;
}

type Named = { readonly whose: () => Promise<string | undefined> };

/** The same for taking names of erased users out of it. */
export function forgetInPool(
  env: PoolPlacement,
  id: string,
  call: Pick<ForgetCall, "users" | "dryRun">,
): Promise<Result<ForgetAnswer>> | undefined {
  if (!poolById(env, id)) return undefined;
  const stub = () => poolById(env, id);
  const whole = { ...call, restoreEpoch: knownRestoreEpoch() };
  return callStub(stub, REPETITION.forgetClaimers, (pool) => pool.forgetClaimers(whole));
}

/** An answer that is a refusal, with what its detail is made of. */
type Refused = {
  readonly outcome: PoolRefusal;
  readonly retryAfterSeconds?: number;
  readonly scheme?: number;
  readonly endedAt?: number;
};

type PoolRefusal = { [M in Method]: Extract<AnswerOf<M>, { readonly outcome: ProblemCode }>["outcome"] }[Method];

/** Whose pool was called, and about which client. */
type Asked = { readonly user: string; readonly client?: string };

function accepted(answer: unknown, asked: Asked): Result<unknown> {
  if (typeof answer !== "object" || answer === null) return ok(answer);
  const { outcome } = answer as { readonly outcome?: string };
  if (outcome === undefined || !Object.hasOwn(PROBLEMS, outcome)) return ok(answer);
  const refused = answer as Refused;
  const { retryAfterSeconds } = refused;
  return refuse(
    refused.outcome,
    DETAILS[refused.outcome](refused, asked),
    retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
  );
}

const DETAILS: Readonly<Record<PoolRefusal, (refused: Refused, asked: Asked) => string>> = {
  unknown_user: (_, { user }) => `expected a user of the directory, got ${shownText(user)}`,
  client_not_registered: (_, { client = "" }) =>
    `expected a registered client of the user, got ${shownText(client)}; register it first`,
  token_predates_revocation: ({ endedAt }) =>
    `expected a token with an iat later than ${endedAt}, when the client was ended, got an older one`,
  signature_key_conflict: (refused) =>
    `expected the ${schemeOf(refused)} key that is registered, got another; to rotate it, delete the client and register it again`,
  signature_key_in_use: (refused) =>
    `expected an ${schemeOf(refused)} key of this client's own, got one of another client; register a fresh key, or revoke the other client first`,
  too_many_clients: () =>
    `expected at most ${MAX_CLIENTS_PER_USER} registered clients of the user, got another one; revoke one that is not in use`,
  registrations_exhausted: (refused) => budgetDetail("registrations of the user", refused),
  refusals_exhausted: (refused) => budgetDetail("packages that are refused", refused),
  uploads_exhausted: (refused) => budgetDetail("packages", refused),
  idempotency_key_reused: () => "expected the request that the Idempotency-Key was first used for, got another",
  capability_refused: () =>
    "expected the secret of a claim capability of this user, got another or none that is in force",
  capability_exists: () =>
    "expected a name and a secret that are new, or the same as before, got one of them; revoke it first",
  too_many_capabilities: () =>
    `expected at most ${MAX_CLAIM_CAPABILITIES} claim capabilities of the user, got another one; revoke one that is not in use`,
  directory_unavailable: () => "expected an answer of the directory's database, got none; the pool is erased, repeat",
};

const schemeOf = ({ scheme }: Refused): string => signatureSchemeName(scheme as SignatureScheme);

const budgetDetail = (what: string, { retryAfterSeconds = 0 }: Refused): string =>
  `expected fewer ${what}, got more than the budget allows; there is room again in ${retryAfterSeconds} seconds`;

/** The answer of the pool, or `pool_overloaded`, `pool_schema_newer` or `pool_unavailable`. */
export const callPool = <T>(
  placement: PoolPlacement,
  user: string,
  repetition: Repetition,
  call: (pool: RemotePool) => Promise<T>,
): Promise<Result<T>> => callStub(() => poolFor(placement, user), repetition, call);

/** The same for whichever pool; `stub` makes a new stub each time. */
async function callStub<T>(
  stub: () => unknown,
  repetition: Repetition,
  call: (pool: RemotePool) => Promise<T>,
): Promise<Result<T>> {
  for (let attempt = 1; ; attempt++) {
    try {
      // A new stub each time: one that has failed stays broken.
      return ok(await withTimeout(POOL_CALL_TIMEOUT_MS, call(stub() as RemotePool), poolTimeout));
    } catch (error) {
      const { retryable, overloaded } = traits(error);
      log.warn("pool_call_failed", { attempt, retryable, overloaded, reason: nameOf(error) });
      if (overloaded) return poolOverloaded();
      if (isNewerSchema(error)) {
        const detail = "expected tables of this version or an older one, got those of a newer one";
        return refuse("pool_schema_newer", detail, { retryAfterSeconds: NEWER_SCHEMA_RETRY_AFTER_SECONDS });
      }
      if (repetition === "once" || !retryable || attempt >= POOL_CALL_ATTEMPTS) return unavailable("pool_unavailable");
      await pause(POOL_RETRY_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }
}

/** More was asked of one pool than it takes at a time. */
export const poolOverloaded = () => unavailable("pool_overloaded");

const UNAVAILABLE = {
  pool_overloaded: "expected fewer calls of this user's pool at a time, got more than it takes",
  pool_unavailable: "expected an answer of the user's pool, got none; the call may have taken effect",
} as const;

function unavailable(code: keyof typeof UNAVAILABLE) {
  return refuse(code, UNAVAILABLE[code], { retryAfterSeconds: UNAVAILABLE_RETRY_AFTER_SECONDS });
}

const poolTimeout = (): Error => Object.assign(new Error("no answer in time"), { retryable: true });

function traits(error: unknown): { readonly retryable: boolean; readonly overloaded: boolean } {
  const { retryable, overloaded } = error as { readonly retryable?: unknown; readonly overloaded?: unknown };
  return { retryable: retryable === true, overloaded: overloaded === true };
}

/** Of an error on its way from the pool only the text is left for sure. */
const isNewerSchema = (error: unknown): boolean => error instanceof Error && error.message.includes(NEWER_SCHEMA);
const NEWER_SCHEMA: ProblemCode = "pool_schema_newer";

const nameOf = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : "unknown");
