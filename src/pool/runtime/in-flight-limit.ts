/**
 * A semaphore with expiry: how many packages of a client may be under check at the same time. A client's refused packages
 * are counted when a check ends, so without this limit it could have any number of bad packages checked at once.
 *
 * Only in memory: an object that restarts has forgotten the checks under way, which is harmless. What a Worker that
 * died never released expires.
 */
import { CHECK_TIMEOUT_MS, CHECKED_AT_ONCE_PACKAGES } from "../../config/limits.ts";
import { arrivalAfter, type Rate } from "../../shared/leaky-bucket.ts";

const RATE: Rate = { burst: CHECKED_AT_ONCE_PACKAGES, intervalMs: CHECK_TIMEOUT_MS / CHECKED_AT_ONCE_PACKAGES };

export class InFlightLimit {
  readonly #arrivalMs = new Map<number, number>();

  /** Reserves room for the check of so many packages; false if there is none now. */
  acquire(clientId: number, packages: number, nowMs: number): boolean {
    if (packages === 0) return true;
    const arrivalMs = this.#arrivalMs.get(clientId) ?? 0;
    // A deployment may allow uploads that are larger than the limit: such an upload runs alone.
    const room = RATE.burst - Math.min(packages, RATE.burst);
    if (arrivalMs - nowMs > room * RATE.intervalMs) return false;
    this.#arrivalMs.set(clientId, arrivalAfter(RATE, arrivalMs, nowMs, packages));
    return true;
  }

  /** Packages under check. */
  held(clientId: number, nowMs: number): number {
    return Math.ceil(Math.max(0, (this.#arrivalMs.get(clientId) ?? 0) - nowMs) / RATE.intervalMs);
  }

  /** Gives back the room of a check that ended. */
  release(clientId: number, packages: number, nowMs: number): void {
    const arrivalMs = (this.#arrivalMs.get(clientId) ?? 0) - packages * RATE.intervalMs;
    if (arrivalMs > nowMs) this.#arrivalMs.set(clientId, arrivalMs);
    else this.#arrivalMs.delete(clientId);
  }
}
