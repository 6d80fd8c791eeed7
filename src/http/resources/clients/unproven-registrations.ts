/**
 * Registrations whose proofs do not hold. Each costs some signature checks before the pool, which counts the others, hears
 * of it; so an isolate counts these by user, at the same rate. One that is under way counts until its proofs have held.
 */
import { MAX_CALLERS_REMEMBERED } from "../../../config/limits.ts";
import { withinWindow } from "../../../shared/leaky-bucket.ts";
import { NamedBuckets } from "../../../shared/named-buckets.ts";
import { HOUR_MS } from "../../../shared/time.ts";
import { type Result, refuse } from "../../refusals/refusal.ts";

export class UnprovenRegistrations {
  readonly #ofUsers = new NamedBuckets(MAX_CALLERS_REMEMBERED);

  /** The outcome of `check`, or `registrations_exhausted` without it. `perHour` is undefined for any number. */
  async within(
    user: string,
    perHour: number | undefined,
    nowMs: number,
    check: () => Promise<Result<void>>,
  ): Promise<Result<void>> {
    if (perHour === undefined) return check();
    const { waitMs, giveBack } = this.#ofUsers.leave(withinWindow(perHour, HOUR_MS), user, nowMs);
    if (waitMs > 0) {
      const detail = `expected at most ${perHour} registrations of the user per hour whose proofs do not hold, got another one`;
      return refuse("registrations_exhausted", detail, { retryAfterSeconds: Math.ceil(waitMs / 1000) });
    }
    const checked = await check();
    if (checked.ok || checked.error.code !== "possession_unproven") giveBack();
    return checked;
  }
}

/** Of this isolate. */
export const unprovenRegistrations = new UnprovenRegistrations();
