/**
 * How late the directory heard of changes, as the pools of this isolate have seen it since they last told the object that
 * keeps operators' records. On time is not worth a call: while D1 answers nothing is told, and when it does not, each
 * isolate tells once per minute, however many pools it has.
 */
import { ACTIVITY_SEND_MS, LATE_DELIVERY_MS } from "../../config/limits.ts";
import { log } from "../../shared/log.ts";
import { unixSeconds } from "../../shared/time.ts";
import { type RecordsPlacement, recordsOf } from "../address.ts";

/** Of this isolate. */
const known = { latestMs: 0, sentAtMs: 0 };

/** A write to D1 that was tried at `nowMs`, so long after the oldest of its news was due. */
export async function noteLag(env: RecordsPlacement, lagMs: number, nowMs: number): Promise<void> {
  if (lagMs < LATE_DELIVERY_MS) return;
  known.latestMs = Math.max(known.latestMs, lagMs);
  if (Math.abs(nowMs - known.sentAtMs) < ACTIVITY_SEND_MS) return;
  const directory_lag_seconds = Math.round(known.latestMs / 1000);
  known.latestMs = 0;
  known.sentAtMs = nowMs;
  try {
    await recordsOf(env).addToSeries({ directory_lag_seconds }, unixSeconds(nowMs));
  } catch (error) {
    // Nothing of the pool depends on it.
    log.warn("operator_records_failed", { reason: String(error) });
  }
}
