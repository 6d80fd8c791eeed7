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
import { arrivalAfter, type Rate, waitMs, withinWindow } from "../../shared/leaky-bucket.ts";

const HOUR_MS = 3_600_000;
const OF_SOURCE = withinWindow(CAPABILITY_REFUSALS_PER_SOURCE_PER_HOUR, HOUR_MS);
const OF_ALL = withinWindow(CAPABILITY_REFUSALS_PER_ISOLATE_PER_HOUR, HOUR_MS);

/** How long to wait, 0 for not at all; then `wasRight` must be called if the secret was right. */
export type LeaveToTry = { readonly waitMs: number; readonly wasRight: () => void };

export class CapabilityAttempts {
  /** Arrival times by source. */
  readonly #spent = new Map<string, number>();
  #ofAll = 0;

  leaveToTry(source: string, nowMs: number): LeaveToTry {
    const ofSource = this.#spent.get(source) ?? 0;
    const wait = Math.max(waitMs(OF_SOURCE, ofSource, nowMs), waitMs(OF_ALL, this.#ofAll, nowMs));
    if (wait > 0) return { waitMs: wait, wasRight: () => undefined };
    this.#remember(source, arrivalAfter(OF_SOURCE, ofSource, nowMs), nowMs);
    this.#ofAll = arrivalAfter(OF_ALL, this.#ofAll, nowMs);
    return {
      waitMs: 0,
      wasRight: () => {
        this.#ofAll = back(OF_ALL, this.#ofAll);
        const arrivalMs = this.#spent.get(source);
        if (arrivalMs !== undefined) this.#spent.set(source, back(OF_SOURCE, arrivalMs));
      },
    };
  }

  /** Buckets that have run empty are forgotten, and then the one that is next to: the bound of all holds without them. */
  #remember(source: string, arrivalMs: number, nowMs: number): void {
    this.#spent.set(source, arrivalMs);
    if (this.#spent.size <= MAX_CALLERS_REMEMBERED) return;
    for (const [name, arrival] of this.#spent) if (arrival <= nowMs) this.#spent.delete(name);
    if (this.#spent.size <= MAX_CALLERS_REMEMBERED) return;
    const [emptiest] = [...this.#spent].reduce((least, entry) => (entry[1] < least[1] ? entry : least));
    this.#spent.delete(emptiest);
  }
}

const back = (rate: Rate, arrivalMs: number): number => arrivalMs - rate.intervalMs;

/** Of this isolate. */
export const capabilityAttempts = new CapabilityAttempts();
