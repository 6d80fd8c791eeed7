/**
 * The restore epoch that every call to a pool carries. It is read beside requests and never waited for, not even by the
 * first request of an isolate: what that means for a restore is said in docs/http-api.md.
 */
import { RESTORE_EPOCH_CACHE_MS, RESTORE_EPOCH_READ_TIMEOUT_MS } from "../../config/limits.ts";
import type { RestoreEpoch } from "../../directory/restore-epoch.ts";
import { log } from "../../shared/log.ts";
import { unixSeconds } from "../../shared/time.ts";
import { withTimeout } from "../../shared/with-timeout.ts";
import type { EpochPlace } from "./restore-epoch-places.ts";

/** Of this isolate. The epoch only ever grows, so an old value is a lower bound. */
const known = { epoch: 0, askedAtMs: Number.NEGATIVE_INFINITY };

/** The newest epoch that this isolate knows, in unix seconds; 0 for none. */
export const knownRestoreEpoch = (): number => known.epoch;

/** What this isolate has just learned or set. */
export function rememberRestoreEpoch(epoch: number): void {
  known.epoch = Math.max(known.epoch, epoch);
}

/**
 * Asks every place for the epoch, if that was not done within the cache span, and writes the newest back to those that
 * have an older one. The time of asking counts, so there is one read at a time, and a directory in trouble is not asked by
 * each request. `inBackground` is given what goes on.
 */
export function refreshRestoreEpoch(
  places: readonly EpochPlace[],
  floor: number,
  inBackground: (work: Promise<unknown>) => void,
): void {
  rememberRestoreEpoch(floor);
  if (Math.abs(Date.now() - known.askedAtMs) < RESTORE_EPOCH_CACHE_MS) return;
  known.askedAtMs = Date.now();
  inBackground(refresh(places));
}

/** Never rejects. */
async function refresh(places: readonly EpochPlace[]): Promise<void> {
  const kept = await Promise.all(places.map(async (place) => inTime(() => place.read())));
  await Promise.all(
    places.map(async (place, index) => {
      const { epoch } = kept[index] ?? { epoch: Infinity };
      if (epoch < known.epoch) await inTime(() => place.raise(known.epoch, unixSeconds(Date.now())));
    }),
  );
}

/** What a place answered, remembered at once; undefined if it did not answer in time. */
async function inTime(ask: () => Promise<RestoreEpoch>): Promise<RestoreEpoch | undefined> {
  try {
    const late = () => new Error("no answer in time");
    const answer = await withTimeout(RESTORE_EPOCH_READ_TIMEOUT_MS, ask(), late);
    rememberRestoreEpoch(answer.epoch);
    return answer;
  } catch (error) {
    log.warn("restore_epoch_unreadable", { reason: String(error) });
    return undefined;
  }
}
