/** Reads of D1: a failure is a value, and never an empty directory. */
import { UNAVAILABLE_RETRY_AFTER_SECONDS } from "../../config/limits.ts";
import { log } from "../../shared/log.ts";
import { ok, type Result, refuse } from "../refusals/refusal.ts";

/** What the directory answered, or `directory_unavailable`. */
export async function readDirectory<T>(read: () => Promise<T>): Promise<Result<T>> {
  try {
    return ok(await read());
  } catch (error) {
    log.warn("directory_read_failed", { reason: String(error) });
    return refuse("directory_unavailable", undefined, { retryAfterSeconds: UNAVAILABLE_RETRY_AFTER_SECONDS });
  }
}
