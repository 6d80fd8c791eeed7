/**
 * Claims: each is sent under an idempotency key that was stored before, and the key is forgotten when the packages, which
 * are verified, were handed on.
 */
import { queryOf, userPath } from "../api-paths.ts";
import type { BulkClaimAnswer, ClaimAnswer, ClaimCriteria, Policy } from "../api-types.ts";
import { DirectoryError } from "../directory-error.ts";
import { type Platform, throwIfAborted } from "../platform.ts";
import type { ClientStore } from "../storage/client-store.ts";
import type { Answer, Transport } from "../transport.ts";
import { beginClaim, claimName, endClaims } from "./pending-claims.ts";
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
type ClaimContext = {
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

export type Claims = {
  /** One verified package of each client of the user. */
  readonly claim: (user: string, options: ClaimOptions<Claimed>) => Promise<Claimed>;
  /** The same for any number of users, in as many calls as the policy asks for. */
  readonly claimMany: (users: readonly string[], options: ClaimOptions<ClaimedMany>) => Promise<ClaimedMany>;
};

type Ask = (path: string, body: unknown) => Promise<Answer>;

/** The directory's clock may be trusted over the device's by this much when lifetimes are checked. */
const MAX_TRUSTED_OFFSET_MS = 24 * 3600 * 1000;

/** For directories whose policy cannot be read. */
const USERS_PER_CLAIM = 100;

export function claimsOf({ directory, transport, expectations, receipt }: ClaimContext): Claims {
  const { store, platform, crypto, profile } = directory;

  /** Runs the work, whose requests have keys of their own, and forgets the keys when its answer was handed on. */
  function underKeys<T>(
    whole: unknown,
    { handOn, signal }: ClaimOptions<T>,
    work: (ask: Ask) => Promise<T>,
  ): Promise<T> {
    // In turn: two claims of the same at once are two claims, and must not share a key.
    return directory.inTurn(claimName(whole), signal, async () => {
      const begun: string[] = [];
      const claimed = await work(async (path, body) => {
        const name = claimName([whole, body]);
        begun.push(name);
        const idempotencyKey = await beginClaim(store, platform, name);
        const call = { path: path + queryOf({ receipt }), body, idempotencyKey, signal };
        try {
          return await transport.send({ method: "POST", scope: "key-packages:claim", ...call });
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

  /** Sends the same request again while the pools of some users fail; those that answered repeat what they gave. */
  async function untilAnswered(signal: AbortSignal | undefined, ask: () => Promise<Answer>) {
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

  function verified({ ciphersuites }: ClaimCriteria, answers: readonly ClaimedAnswer[]): Promise<readonly Claimed[]> {
    const offset = transport.clockOffsetMs();
    const trusted = Math.max(-MAX_TRUSTED_OFFSET_MS, Math.min(MAX_TRUSTED_OFFSET_MS, offset));
    const now = Math.floor((platform.now() + trusted) / 1000);
    return verifyClaimed({ crypto, profile, expectations, now, ciphersuites }, answers);
  }

  return {
    claim: (user, options) => {
      const { criteria = {}, purpose } = options;
      return underKeys([user, criteria, purpose], options, async (ask) => {
        const { body, replayed } = await ask(`${userPath(user)}/claims`, criteria);
        return (await verified(criteria, [{ ...(body as ClaimAnswer), replayed }]))[0] as Claimed;
      });
    },

    claimMany: async (users, options) => {
      const { criteria = {}, purpose, signal } = options;
      const named = [...new Set(users)];
      if (named.length === 0) return { users: [], retryLater: [] };
      return underKeys([named, criteria, purpose], options, async (ask) => {
        const limits =
          named.length > 1 ? (await directory.policy({ signal }).catch(() => undefined))?.limits : undefined;
        throwIfAborted(signal);
        const outcomes = new Map<string, Claimed | RetryLater>();
        const waiting = [...named];
        while (waiting.length > 0) {
          const asked = waiting.splice(0, Math.max(1, limits?.users_per_claim ?? USERS_PER_CLAIM));
          const answers = await untilAnswered(signal, () => ask("/v1/claims", { users: asked, ...criteria }));
          for (const claimed of await verified(criteria, answers)) {
            const { user, status: reason, without } = claimed;
            const isLater = reason === "failed" || reason === "rate_limited";
            outcomes.set(user, isLater ? { user, reason, retryAfterSeconds: soonest(without) } : claimed);
          }
          // The answer was full and nothing was taken from these. Each call answers somebody, so that this ends.
          const deferred = answers.filter(isTooLarge).map(({ user }) => user);
          if (deferred.length < asked.length) waiting.unshift(...deferred);
        }
        const all = named.flatMap((user) => outcomes.get(user) ?? []);
        return { users: all.filter((one) => "packages" in one), retryLater: all.filter((one) => "reason" in one) };
      });
    },
  };
}

/** Refusals after which the key names no answer. A refusal for want of budget may hide an answer whose reply was lost. */
const gaveNothing = (error: unknown): boolean =>
  error instanceof DirectoryError && [400, 404, 422].includes(error.status);

const isTooLarge = ({ code }: ClaimedAnswer): boolean => code === "answer_too_large";

const soonest = (without: readonly ClientWithout[]): number | undefined =>
  without.flatMap(({ retryAfterSeconds }) => retryAfterSeconds ?? []).sort((a, b) => a - b)[0];
