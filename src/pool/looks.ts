/**
 * Looks at the clock. Nothing is deleted on one of them: a clock may be ahead for a moment, and would end by it what is
 * wanted later. The alarm writes down when it saw that something has ended (`looked_at` of the pool's row), and deletes
 * what had ended by then when it rings an hour or more later. Of two looks the earlier counts. Pure.
 */
import { CLOCK_CONFIRMATION_SECONDS } from "../config/limits.ts";

/** A look at the clock, to be written down with the next write of the pool's row. */
export type Look = {
  /** Unix seconds. */
  readonly at: number;
  /** Ids of the clients of which packages have expired since the look before: the directory is to hear of them. */
  readonly expired: ReadonlySet<number>;
};

/** The time that has come for certain, in unix seconds: 0 if the last look is not confirmed. */
export const confirmedTime = (lookedAt: number, now: number): number => (canLook(lookedAt, now) ? lookedAt : 0);

/** Whether the last look is confirmed, and the next may take its place. One in between would put its end off for ever. */
export const canLook = (lookedAt: number, now: number): boolean => now >= lookedAt + CLOCK_CONFIRMATION_SECONDS;

/** When something that ends at `end` can be deleted: it is yet to be looked at, or the look at it yet to be confirmed. */
export const nextLookAt = (lookedAt: number, end: number): number =>
  Math.max(end > lookedAt ? end : 0, lookedAt + CLOCK_CONFIRMATION_SECONDS);

/**
 * Whether the last look was at a clock that was ahead. What little clocks are set back by does no harm: nothing is deleted
 * before they have come as far again, and an hour further.
 */
export const wasAhead = (lookedAt: number, now: number): boolean => lookedAt > now + CLOCK_CONFIRMATION_SECONDS;
