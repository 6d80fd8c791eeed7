/**
 * Packages that are being checked at this moment, for each client. A client's refusals are counted when a check ends, so
 * without a bound on what is under way it could have any number of bad packages checked at once.
 *
 * In memory only: an object that is restarted knows of nothing under way, which does no harm. What a Worker that died
 * never gave back runs out by itself.
 */
import { CHECK_TIMEOUT_MS, CHECKED_AT_ONCE_PACKAGES } from "../../config/limits.ts";
import { arrivalAfter, type Rate } from "../tables/budgets.ts";

const RATE: Rate = { burst: CHECKED_AT_ONCE_PACKAGES, intervalMs: CHECK_TIMEOUT_MS / CHECKED_AT_ONCE_PACKAGES };

export class InFlightLimit {
  readonly #arrivalMs = new Map<number, number>();

  /** Whether the check of so many more packages may begin; if so it has. */
  acquire(clientId: number, packages: number, nowMs: number): boolean {
    if (packages === 0) return true;
    const arrivalMs = this.#arrivalMs.get(clientId) ?? 0;
    // A deployment may allow uploads that are larger than the bound: those go alone.
    const room = RATE.burst - Math.min(packages, RATE.burst);
    if (arrivalMs - nowMs > room * RATE.intervalMs) return false;
    this.#arrivalMs.set(clientId, arrivalAfter(RATE, arrivalMs, nowMs, packages));
    return true;
  }

  release(clientId: number, packages: number, nowMs: number): void {
    const arrivalMs = (this.#arrivalMs.get(clientId) ?? 0) - packages * RATE.intervalMs;
    if (arrivalMs > nowMs) this.#arrivalMs.set(clientId, arrivalMs);
    else this.#arrivalMs.delete(clientId);
  }
}
