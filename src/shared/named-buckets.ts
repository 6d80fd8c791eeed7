/**
 * Leaky buckets by name in bounded memory. Those that have run empty are forgotten when there are too many, and then the
 * one that is next to run empty.
 */
import { arrivalAfter, type Rate, waitMs } from "./leaky-bucket.ts";

export type Leave = { readonly waitMs: number; readonly giveBack: () => void };

export class NamedBuckets {
  /** Arrival times by name; none is an empty bucket. */
  readonly #arrivals = new Map<string, number>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Milliseconds until the bucket has room for one more event, 0 for now. */
  waitMs(rate: Rate, name: string, nowMs: number): number {
    return waitMs(rate, this.#arrivals.get(name) ?? 0, nowMs);
  }

  /** Room for one event, which it fills until that is given back; or how many milliseconds there is none. */
  leave(rate: Rate, name: string, nowMs: number): Leave {
    const waitMs = this.waitMs(rate, name, nowMs);
    if (waitMs > 0) return { waitMs, giveBack: () => undefined };
    this.spend(rate, name, nowMs);
    return { waitMs, giveBack: () => this.giveBack(rate, name) };
  }

  /** One event. */
  spend(rate: Rate, name: string, nowMs: number): void {
    this.#arrivals.set(name, arrivalAfter(rate, this.#arrivals.get(name) ?? 0, nowMs));
    if (this.#arrivals.size <= this.#capacity) return;
    for (const [other, arrivalMs] of this.#arrivals) if (arrivalMs <= nowMs) this.#arrivals.delete(other);
    if (this.#arrivals.size <= this.#capacity) return;
    const [emptiest] = [...this.#arrivals].reduce((least, entry) => (entry[1] < least[1] ? entry : least));
    this.#arrivals.delete(emptiest);
  }

  /** Takes one event back, unless the bucket was forgotten. */
  giveBack(rate: Rate, name: string): void {
    const arrivalMs = this.#arrivals.get(name);
    if (arrivalMs !== undefined) this.#arrivals.set(name, arrivalMs - rate.intervalMs);
  }
}
