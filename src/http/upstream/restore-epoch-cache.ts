/**
 * The restore epoch that every call to a pool carries. It is read beside requests and never waited for, not even by the
 * first request of an isolate: what that means for a restore is said in docs/http-api.md.
 */
import { RESTORE_EPOCH_CACHE_MS, RESTORE_EPOCH_READ_TIMEOUT_MS } from "../../config/limits.ts";
import { readShardEpoch } from "../../directory/restore-epoch.ts";
import type { Directory } from "../../directory/shards.ts";
import { log } from "../../shared/log.ts";
import { withTimeout } from "../../shared/with-timeout.ts";

/** Of this isolate. The epoch only ever grows, so an old value is a lower bound. */
const known = { epoch: 0, askedAtMs: Number.NEGATIVE_INFINITY };

/** The newest epoch that this isolate knows, in unix seconds; 0 for none. */
export const knownRestoreEpoch = (): number => known.epoch;

/** What this isolate has just learned or set. */
export function rememberRestoreEpoch(epoch: number): void {
  known.epoch = Math.max(known.epoch, epoch);
}

/**
 * Asks every database for the epoch, if that was not done within the cache span. The time of asking counts, so there is
 * one read at a time, and a directory in trouble is not asked by each request. `inBackground` is given what goes on.
 */
export function refreshRestoreEpoch({ shards }: Directory, inBackground: (work: Promise<unknown>) => void): void {
  if (Date.now() - known.askedAtMs < RESTORE_EPOCH_CACHE_MS) return;
  known.askedAtMs = Date.now();
  for (const { db } of shards) inBackground(readInto(db));
}

/** Never rejects. */
async function readInto(db: D1Database): Promise<void> {
  try {
    const late = () => new Error("no answer in time");
    rememberRestoreEpoch((await withTimeout(RESTORE_EPOCH_READ_TIMEOUT_MS, readShardEpoch(db), late)).epoch);
  } catch (error) {
    log.warn("restore_epoch_unreadable", { reason: String(error) });
  }
}
