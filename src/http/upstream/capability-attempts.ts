/**
 * Claims with a wrong secret. Each wakes an object, and whoever sends them has no name: so an isolate counts them by
 * address, and all together, and beyond that asks no pool. A claim that is under way counts as wrong until its secret was
 * found to be right. Nothing here depends on whether the user exists.
 */
import {
  CAPABILITY_REFUSALS_PER_ISOLATE_PER_HOUR,
  CAPABILITY_REFUSALS_PER_SOURCE_PER_HOUR,
  MAX_CALLERS_REMEMBERED,
} from "../../config/limits.ts";
import { arrivalAfter, waitMs, withinWindow } from "../../shared/leaky-bucket.ts";
import { NamedBuckets } from "../../shared/named-buckets.ts";
import { HOUR_MS } from "../../shared/time.ts";

const OF_SOURCE = withinWindow(CAPABILITY_REFUSALS_PER_SOURCE_PER_HOUR, HOUR_MS);
const OF_ALL = withinWindow(CAPABILITY_REFUSALS_PER_ISOLATE_PER_HOUR, HOUR_MS);

/** How long to wait, 0 for not at all; then `wasRight` must be called if the secret was right. */
export type LeaveToTry = { readonly waitMs: number; readonly wasRight: () => void };

export class CapabilityAttempts {
  readonly #ofSources = new NamedBuckets(MAX_CALLERS_REMEMBERED);
  /** The arrival time of the bucket of all. */
  #ofAll = 0;

  leaveToTry(source: string, nowMs: number): LeaveToTry {
    const wait = Math.max(this.#ofSources.waitMs(OF_SOURCE, source, nowMs), waitMs(OF_ALL, this.#ofAll, nowMs));
    if (wait > 0) return { waitMs: wait, wasRight: () => undefined };
    this.#ofSources.spend(OF_SOURCE, source, nowMs);
    this.#ofAll = arrivalAfter(OF_ALL, this.#ofAll, nowMs);
    return {
      waitMs: 0,
      wasRight: () => {
        this.#ofSources.giveBack(OF_SOURCE, source);
        this.#ofAll -= OF_ALL.intervalMs;
      },
    };
  }
}

/** Of this isolate. */
export const capabilityAttempts = new CapabilityAttempts();
