/** Calls to a user's pool: bounded in time, repeated only where that is safe, and a failure is a value. */
import {
  POOL_CALL_ATTEMPTS,
  POOL_CALL_TIMEOUT_MS,
  POOL_RETRY_PAUSE_MS,
  UNAVAILABLE_RETRY_AFTER_SECONDS,
} from "../../config/limits.ts";
import { type PoolPlacement, poolFor } from "../../pool/address.ts";
import type { Pool } from "../../pool/pool.ts";
import { withTimeout } from "../../shared/with-timeout.ts";
import { accept, type Checked, refuse } from "../refusals/refusal.ts";

type Method = Exclude<
  { [Name in keyof Pool]: Pool[Name] extends (...args: never[]) => unknown ? Name : never }[keyof Pool],
  undefined | keyof DurableObject
>;

/**
 * The pool's methods as a caller sees them. Only plain values cross (messages.ts), so the platform's own types, which
 * allow for stubs within answers and pull unions apart, say less.
 */
export type RemotePool = {
  [Name in Method]: (...args: Parameters<Pool[Name]>) => Promise<Awaited<ReturnType<Pool[Name]>>>;
};

/**
 * `safe`: the call may take effect twice without harm, so it is repeated when the platform says that it may pass
 * (Durable Object errors `retryable`). `once`: a lost reply may have taken effect; only the caller knows what to do.
 */
export type Repetition = "safe" | "once";

/** The answer of the pool, or `pool_overloaded` or `pool_unavailable`. */
export async function callPool<T>(
  placement: PoolPlacement,
  user: string,
  repetition: Repetition,
  call: (pool: RemotePool) => Promise<T>,
): Promise<Checked<T>> {
  for (let attempt = 1; ; attempt++) {
    try {
      // A new stub each time: one that has failed stays broken.
      return accept(
        await withTimeout(POOL_CALL_TIMEOUT_MS, call(poolFor(placement, user) as unknown as RemotePool), poolTimeout),
      );
    } catch (error) {
      const { retryable, overloaded } = traits(error);
      console.warn(
        JSON.stringify({ event: "pool_call_failed", attempt, retryable, overloaded, reason: nameOf(error) }),
      );
      if (overloaded) return poolOverloaded();
      if (repetition === "once" || !retryable || attempt >= POOL_CALL_ATTEMPTS) return unavailable("pool_unavailable");
      await pause(POOL_RETRY_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }
}

/** More was asked of one pool than it takes at a time. */
export const poolOverloaded = () => unavailable("pool_overloaded");

function unavailable(code: "pool_overloaded" | "pool_unavailable") {
  return refuse(code, undefined, { retryAfterSeconds: UNAVAILABLE_RETRY_AFTER_SECONDS });
}

const poolTimeout = (): Error => Object.assign(new Error("no answer in time"), { retryable: true });

function traits(error: unknown): { readonly retryable: boolean; readonly overloaded: boolean } {
  const { retryable, overloaded } = error as { readonly retryable?: unknown; readonly overloaded?: unknown };
  return { retryable: retryable === true, overloaded: overloaded === true };
}

const nameOf = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : "unknown");

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
