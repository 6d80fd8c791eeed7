/**
 * What budgets say of one claim on one client, and what the claim takes from them. Pure.
 *
 * All devices of a user share a budget. Of what may leave a client within the hour a third is kept for users who have
 * not claimed from it for a while: one who drains cannot keep a friend from a one-time package.
 */
import { MISSES_IN_JOURNAL_PER_HOUR } from "../../../config/limits.ts";
import type { BudgetSettings } from "../../../config/settings.ts";
import { burstThen, withinWindow } from "../../../shared/leaky-bucket.ts";
import { HOUR_MS } from "../../../shared/time.ts";
import { type Bucket, type Budgets, bucketWaitMs, spend } from "../../tables/budgets-table.ts";

/** The buckets of one claimer, which are all that has its name among a client's budgets. */
export const bucketsOfClaimer = (user: string) => ({ pair: `pair:${user}`, miss: `miss:${user}` });

/** Those of one capability, whose names no user's can be. */
export const bucketsOfCapability = (name: string) => ({ pair: `capability:${name}`, miss: `capability_miss:${name}` });

type ClaimerBuckets = ReturnType<typeof bucketsOfClaimer>;

const JOURNAL: Bucket = { name: "missed", rate: withinWindow(MISSES_IN_JOURNAL_PER_HOUR, HOUR_MS) };

/** Milliseconds until the budgets allow it; 0 for now. */
export type ClaimWaits = {
  /** Until this user may claim from the client again. */
  readonly pairWaitMs: number;
  /** Until a claim of this user may find nothing again. */
  readonly missWaitMs: number;
  /** Until the client gives this user a one-time package again. */
  readonly targetWaitMs: number;
};

export class ClaimBudgets {
  readonly #pair: Bucket | undefined;
  readonly #misses: Bucket | undefined;
  readonly #target: Bucket | undefined;
  readonly #reserve: Bucket | undefined;
  readonly #nowMs: number;

  constructor(settings: BudgetSettings, names: ClaimerBuckets, nowMs: number) {
    const { pair, missesPerHour, targetPerHour } = settings;
    this.#nowMs = nowMs;
    this.#pair = pair && {
      name: names.pair,
      rate: burstThen(pair.burst, pair.perHour, HOUR_MS),
    };
    this.#misses = hourly(names.miss, missesPerHour);
    const reserved = targetPerHour === undefined ? undefined : Math.floor(targetPerHour / 3);
    this.#target = hourly("target", targetPerHour && targetPerHour - (reserved ?? 0));
    this.#reserve = hourly("reserve", reserved);
  }

  /** Until there is room for so many packages at once. */
  waits(budgets: Budgets, packages = 1): ClaimWaits {
    const waits = {
      pairWaitMs: this.#wait(budgets, this.#pair),
      missWaitMs: this.#wait(budgets, this.#misses),
      targetWaitMs: this.#oneTimeBucket(budgets).waitMs,
    };
    if (packages <= 1) return waits;
    const later = this.waits(this.afterOneTime(budgets), packages - 1);
    return {
      pairWaitMs: Math.max(waits.pairWaitMs, later.pairWaitMs),
      missWaitMs: waits.missWaitMs,
      targetWaitMs: Math.max(waits.targetWaitMs, later.targetWaitMs),
    };
  }

  /** The budgets after the client gave a one-time package. */
  afterOneTime(budgets: Budgets): Budgets {
    return this.#spend(this.#spend(budgets, this.#oneTimeBucket(budgets).bucket), this.#pair);
  }

  /** The budgets after the client gave its last resort. */
  afterLastResort(budgets: Budgets): Budgets {
    return this.#spend(budgets, this.#pair);
  }

  /**
   * The budgets after a claim in vain, and whether the client's owner is told of it. Once the user has claimed in vain
   * too often nothing changes and nobody is told; once too many users have, they are still counted.
   */
  afterMiss(budgets: Budgets): { readonly budgets: Budgets; readonly isTold: boolean } {
    if (this.#wait(budgets, this.#misses) > 0) return { budgets, isTold: false };
    const counted = this.#spend(budgets, this.#misses);
    const isTold = this.#wait(budgets, JOURNAL) === 0;
    return { budgets: isTold ? this.#spend(counted, JOURNAL) : counted, isTold };
  }

  /** The bucket that a one-time package is taken from, and how long it must be waited for. */
  #oneTimeBucket(budgets: Budgets): { readonly bucket: Bucket | undefined; readonly waitMs: number } {
    const open = { bucket: this.#target, waitMs: this.#wait(budgets, this.#target) };
    if (open.waitMs === 0 || !this.#reserve || !this.#isFresh(budgets)) return open;
    const reserved = { bucket: this.#reserve, waitMs: this.#wait(budgets, this.#reserve) };
    return reserved.waitMs < open.waitMs ? reserved : open;
  }

  /** Whether the user has claimed from the client so long ago that the pair's bucket has run empty, or never. */
  #isFresh(budgets: Budgets): boolean {
    return !this.#pair || (budgets.get(this.#pair.name) ?? 0) <= this.#nowMs;
  }

  #wait(budgets: Budgets, bucket: Bucket | undefined): number {
    return bucket ? bucketWaitMs(budgets, bucket, this.#nowMs) : 0;
  }

  #spend(budgets: Budgets, bucket: Bucket | undefined): Budgets {
    return bucket ? spend(budgets, bucket, this.#nowMs) : budgets;
  }
}

/** A bucket of at most so many in any hour; none for no bound, and none for a share that is nothing. */
function hourly(name: string, count: number | undefined): Bucket | undefined {
  return count ? { name, rate: withinWindow(count, HOUR_MS) } : undefined;
}
