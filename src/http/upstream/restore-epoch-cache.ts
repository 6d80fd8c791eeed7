/** The restore epoch that every call to a pool carries, as fresh as it can be without making claims wait for D1. */

import { RESTORE_EPOCH_CACHE_MS, RESTORE_EPOCH_READ_TIMEOUT_MS } from "../../config/limits.ts";
import { readRestoreEpoch } from "../../directory/restore-epoch.ts";
import { withTimeout } from "../../shared/with-timeout.ts";

/** Of this isolate. It only ever grows, so an old value is a lower bound and never wrong by more than its age. */
const known = { epoch: 0, readAtMs: Number.NEGATIVE_INFINITY };

/**
 * The newest epoch that this isolate knows, in unix seconds. A directory that fails or is slow is not waited for: the
 * pool remembers the newest epoch it was ever told, so only what happened since is late, and by one cache span.
 */
export async function currentRestoreEpoch(db: D1Database): Promise<number> {
  if (Date.now() - known.readAtMs < RESTORE_EPOCH_CACHE_MS) return known.epoch;
  // While one request reads anew, the others go on with what was known; only a new isolate knows nothing to go on with.
  if (known.readAtMs > 0) known.readAtMs = Date.now();
  const read = withTimeout(RESTORE_EPOCH_READ_TIMEOUT_MS, readRestoreEpoch(db), () => new Error("no answer in time"));
  const epoch = await read.catch((error: unknown) => {
    console.warn(JSON.stringify({ event: "restore_epoch_unreadable", reason: String(error) }));
    return undefined;
  });
  // A directory in trouble is asked again after the span, not by each request.
  rememberRestoreEpoch(epoch ?? known.epoch);
  return known.epoch;
}

/** What this isolate has just learned or set. */
export function rememberRestoreEpoch(epoch: number): void {
  known.epoch = Math.max(known.epoch, epoch);
  known.readAtMs = Date.now();
}
