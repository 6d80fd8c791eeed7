/**
 * Claims for users who may not exist: asking for one wakes an object, and whoever asks first decides where it lives. So
 * a caller has a budget for users whom this isolate has not met, and beyond it only those are asked for whom the directory
 * knows. The budget is of one isolate; the rate limit of the platform is the second line (wrangler.toml).
 */
import { DIRECTORY_LOOKUP_TIMEOUT_MS, MAX_CALLERS_REMEMBERED, MAX_USERS_REMEMBERED } from "../../config/limits.ts";
import { findClients } from "../../directory/queries.ts";
import type { Directory } from "../../directory/shards.ts";
import { withinWindow } from "../../shared/leaky-bucket.ts";
import { log } from "../../shared/log.ts";
import { NamedBuckets } from "../../shared/named-buckets.ts";
import { HOUR_MS } from "../../shared/time.ts";
import { withTimeout } from "../../shared/with-timeout.ts";

/**
 * Whether the budget lets a pool be asked, or how many milliseconds until it does. Once the pool has been asked,
 * `answered` must be called with what it said.
 */
export type LeaveToAsk = {
  readonly waitMs: number;
  readonly answered: (isUnknown: boolean) => void;
};

export class UnknownUsers {
  /** Users who were found to exist, the oldest first. */
  readonly #met = new Set<string>();
  /** By caller. */
  readonly #spent = new NamedBuckets(MAX_CALLERS_REMEMBERED);

  /** Leave for `caller` to ask the pool of `user`, who counts as unknown until the pool has answered. */
  leaveToAsk(caller: string, user: string, perHour: number | undefined, nowMs: number): LeaveToAsk {
    const answered = (isUnknown: boolean) => this.#note(user, isUnknown);
    if (perHour === undefined || this.#met.has(user)) return { waitMs: 0, answered };
    const { waitMs, giveBack } = this.#spent.leave(withinWindow(perHour, HOUR_MS), caller, nowMs);
    return {
      waitMs,
      answered: (isUnknown) => {
        answered(isUnknown);
        if (!isUnknown) giveBack();
      },
    };
  }

  #note(user: string, isUnknown: boolean): void {
    this.#met.delete(user);
    if (isUnknown) return;
    this.#met.add(user);
    const [oldest] = this.#met;
    if (this.#met.size > MAX_USERS_REMEMBERED && oldest !== undefined) this.#met.delete(oldest);
  }
}

/** Of this isolate. */
export const unknownUsers = new UnknownUsers();

/** Whether the directory knows the user. A directory that does not answer in time knows nobody. */
export async function isInDirectory(directory: Directory, user: string): Promise<boolean> {
  try {
    const late = () => new Error("no answer in time");
    return (await withTimeout(DIRECTORY_LOOKUP_TIMEOUT_MS, findClients(directory, user), late)) !== undefined;
  } catch (error) {
    log.warn("directory_read_failed", { reason: String(error) });
    return false;
  }
}
