/** Reads and writes of D1, bounded in time: a failure is a value, and never an empty directory. */
import { DIRECTORY_CALL_TIMEOUT_MS, UNAVAILABLE_RETRY_AFTER_SECONDS } from "../../config/limits.ts";
import { log } from "../../shared/log.ts";
import { withTimeout } from "../../shared/with-timeout.ts";
import { ok, type Result, refuse } from "../refusals/refusal.ts";

/** What the directory answered, or `directory_unavailable`. A write that was too late may still take effect. */
export async function readDirectory<T>(read: () => Promise<T>): Promise<Result<T>> {
  try {
    return ok(await withTimeout(DIRECTORY_CALL_TIMEOUT_MS, read(), () => new Error("no answer in time")));
  } catch (error) {
    log.warn("directory_read_failed", { reason: String(error) });
    const detail = `expected an answer of the directory's database within ${DIRECTORY_CALL_TIMEOUT_MS / 1000} seconds, got none`;
    return refuse("directory_unavailable", detail, { retryAfterSeconds: UNAVAILABLE_RETRY_AFTER_SECONDS });
  }
}
