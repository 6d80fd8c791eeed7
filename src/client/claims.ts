/**
 * Claims: each is sent under an idempotency key that was stored before, and the key is forgotten when the packages, which
 * are verified, were handed on.
 */
import { queryOf, userPath } from "./api-paths.ts";
import type { BulkClaimAnswer, ClaimAnswer, ClaimCriteria, Policy } from "./api-types.ts";
import { DirectoryError } from "./directory-error.ts";
import { beginClaim, claimName, endClaims } from "./pending-claims.ts";
import type { Platform } from "./platform.ts";
import type { ClientStore } from "./storage/client-store.ts";
import type { Answer, Transport } from "./transport.ts";
import {
  type Claimed,
  type ClaimedAnswer,
  type ClientWithout,
  type Expectations,
  type VerifyContext,
  verifyClaimed,
} from "./verify-claimed.ts";

export type CallOptions = { readonly signal?: AbortSignal | undefined };

export type ClaimOptions<T = unknown> = CallOptions & {
  readonly criteria?: ClaimCriteria;
  /** What the packages are for, such as the name of a group: a claim that is repeated after a crash is one of the same purpose. */
  readonly purpose?: string;
  /** Receives the answer before the claim's key is forgotten: after a crash in here the same packages are given again. */
  readonly handOn?: (claimed: T) => Promise<void>;
};

export type RetryLater = {
  readonly user: string;
  readonly reason: "rate_limited" | "failed";
  readonly retryAfterSeconds: number | undefined;
};

export type ClaimedMany = {
  /** One for each user that is not in `retryLater`, in the order in which they were first named. */
  readonly users: readonly Claimed[];
  readonly retryLater: readonly RetryLater[];
};

/** What claims need of the client that makes them. */
export type ClaimContext = {
  readonly directory: Pick<VerifyContext, "crypto" | "profile"> & {
    readonly store: ClientStore;
    readonly platform: Platform;
    inTurn<T>(name: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T>;
    policy(options: CallOptions): Promise<Policy>;
  };
  readonly transport: Transport;
  readonly expectations: Expectations;
  /** Asks for signed receipts. */
  readonly receipt: true | undefined;
};

type Ask = (path: string, body: unknown) => Promise<Answer>;

/** The directory's clock may be trusted over the device's by this much when lifetimes are checked. */
const MAX_TRUSTED_OFFSET_MS = 24 * 3600 * 1000;

/** For directories whose policy cannot be read. */
const USERS_PER_CLAIM = 100;

/** One verified package of each client of the user. */
export function claimOne(context: ClaimContext, user: string, options: ClaimOptions<Claimed>): Promise<Claimed> {
  const { criteria = {}, purpose } = options;
  return underKeys(context, [user, criteria, purpose], options, async (ask) => {
    const { body, replayed } = await ask(`${userPath(user)}/claims`, criteria);
    return (await verified(context, criteria, [{ ...(body as ClaimAnswer), replayed }]))[0] as Claimed;
  });
}

/** The same for any number of users, in as many calls as the policy asks for. */
export async function claimMany(
  context: ClaimContext,
  users: readonly string[],
  options: ClaimOptions<ClaimedMany>,
): Promise<ClaimedMany> {
  const { criteria = {}, purpose, signal } = options;
  const named = [...new Set(users)];
  return underKeys(context, [named, criteria, purpose], options, async (ask) => {
    const size = named.length > 1 ? await usersPerClaim(context, signal) : 1;
    const outcomes = new Map<string, Claimed | RetryLater>();
    const waiting = [...named];
    while (waiting.length > 0) {
      const asked = waiting.splice(0, size);
      const answers = await untilAnswered(context, signal, () => ask("/v1/claims", { users: asked, ...criteria }));
      for (const claimed of await verified(context, criteria, answers)) {
        const { user, status: reason, without } = claimed;
        const isLater = reason === "failed" || reason === "rate_limited";
        outcomes.set(user, isLater ? { user, reason, retryAfterSeconds: soonest(without) } : claimed);
      }
      // The answer was full and nothing was taken from these. Each call answers somebody, so that this ends.
      const deferred = answers.filter(isTooLarge).map(({ user }) => user);
      if (deferred.length < asked.length) waiting.unshift(...deferred);
    }
    const all = named.flatMap((user) => outcomes.get(user) ?? []);
    return {
      users: all.filter((one) => "packages" in one),
      retryLater: all.filter((one) => "reason" in one),
    };
  });
}

function verified(
  { directory, transport, expectations }: ClaimContext,
  { ciphersuites }: ClaimCriteria,
  answers: readonly ClaimedAnswer[],
): Promise<readonly Claimed[]> {
  const { crypto, profile, platform } = directory;
  const offset = transport.clockOffsetMs();
  const trusted = Math.max(-MAX_TRUSTED_OFFSET_MS, Math.min(MAX_TRUSTED_OFFSET_MS, offset));
  const now = Math.floor((platform.now() + trusted) / 1000);
  return verifyClaimed({ crypto, profile, expectations, now, ciphersuites }, answers);
}

/** Sends the same request again while the pools of some users fail; those that answered repeat what they gave. */
async function untilAnswered(
  { transport }: ClaimContext,
  signal: AbortSignal | undefined,
  ask: () => Promise<Answer>,
): Promise<readonly ClaimedAnswer[]> {
  const answers = new Map<string, ClaimedAnswer>();
  for (let attempt = 1; ; attempt++) {
    const { body, replayed } = await ask();
    for (const answer of (body as BulkClaimAnswer).users) {
      const { status = "failed" } = answers.get(answer.user) ?? {};
      if (status === "failed") answers.set(answer.user, { ...answer, replayed });
    }
    const all = [...answers.values()];
    const isOpen = all.some((answer) => answer.status === "failed" && !isTooLarge(answer));
    if (!isOpen || attempt >= transport.attempts) return all;
    await transport.pause(attempt, signal);
  }
}

async function usersPerClaim({ directory }: ClaimContext, signal: AbortSignal | undefined): Promise<number> {
  try {
    return Math.max(1, (await directory.policy({ signal })).limits.users_per_claim);
  } catch (error) {
    if (signal?.aborted) throw error;
    return USERS_PER_CLAIM;
  }
}

/** Runs the work, whose requests have keys of their own, and forgets the keys when its answer was handed on. */
function underKeys<T>(
  { directory, transport, receipt }: ClaimContext,
  whole: unknown,
  { handOn, signal }: ClaimOptions<T>,
  work: (ask: Ask) => Promise<T>,
): Promise<T> {
  // In turn: two claims of the same at once are two claims, and must not share a key.
  const { store, platform } = directory;
  return directory.inTurn(claimName(whole), signal, async () => {
    const begun: string[] = [];
    const claimed = await work(async (path, body) => {
      const name = claimName([whole, body]);
      begun.push(name);
      const idempotencyKey = await beginClaim(store, platform, name);
      try {
        const scope = "key-packages:claim";
        return await transport.send({
          method: "POST",
          path: path + queryOf({ receipt }),
          scope,
          body,
          idempotencyKey,
          signal,
        });
      } catch (error) {
        if (gaveNothing(error)) await endClaims(store, [name]);
        throw error;
      }
    });
    await handOn?.(claimed);
    await endClaims(store, begun);
    return claimed;
  });
}

/** Refusals after which the key names no answer. A refusal for want of budget may hide an answer whose reply was lost. */
const gaveNothing = (error: unknown): boolean =>
  error instanceof DirectoryError && [400, 404, 422].includes(error.status);

const isTooLarge = ({ code }: ClaimedAnswer): boolean => code === "answer_too_large";

const soonest = (without: readonly ClientWithout[]): number | undefined =>
  without.flatMap(({ retryAfterSeconds }) => retryAfterSeconds ?? []).sort((a, b) => a - b)[0];
