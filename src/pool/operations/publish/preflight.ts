/** What a publisher must know before it pays for checking signatures, and its leave to do so. */
import type { BudgetSettings } from "../../../config/settings.ts";
import type { PreflightAnswer, PreflightCall } from "../../../contract/publish-messages.ts";
import { unixSeconds } from "../../../shared/time.ts";
import type { InFlightLimit } from "../../runtime/in-flight-limit.ts";
import { type Bucket, type Budgets, bucketWaitMs } from "../../tables/budgets-table.ts";
import type { ClientRecord } from "../../tables/clients-table.ts";
import { readPool } from "../../tables/pool-row.ts";
import { knownCodes } from "./known-packages.ts";
import { uploadBudgets } from "./upload-budgets.ts";

export type PreflightContext = {
  readonly sql: SqlStorage;
  readonly client: ClientRecord;
  readonly capPackages: number;
  /** The budgets in force. */
  readonly settings: BudgetSettings;
  /** Packages that the client has under check; those of this call are added when it may go on. */
  readonly inFlight: InFlightLimit;
  readonly nowMs: number;
};

/** What is known of each package, or how long the client has to wait for a budget. Writes nothing. */
export function preflight(
  { sql, client, capPackages, settings, inFlight, nowMs }: PreflightContext,
  call: PreflightCall,
): PreflightAnswer {
  const known = knownCodes({ sql, client, capPackages, now: unixSeconds(nowMs) }, call);
  const unknown = known.filter((code) => code === undefined).length;
  const { refusals, uploads, userUploads } = uploadBudgets(settings);
  const wait = (budgets: Budgets, bucket: Bucket | undefined, count = unknown) =>
    bucket && count > 0 ? bucketWaitMs(budgets, bucket, nowMs, count) : 0;
  const refusalsMs = wait(client.budgets, refusals, unknown + call.unreadable);
  if (refusalsMs > 0) return { outcome: "refusals_exhausted", retryAfterSeconds: Math.ceil(refusalsMs / 1000) };
  const uploadsMs = Math.max(wait(client.budgets, uploads), wait(readPool(sql).budgets, userUploads));
  if (uploadsMs > 0) return { outcome: "uploads_exhausted", retryAfterSeconds: Math.ceil(uploadsMs / 1000) };
  // Those under check may all be refused: until that is known there is room for what would fit even then.
  const held = inFlight.held(client.clientId, nowMs);
  if (held > 0 && wait(client.budgets, refusals, unknown + held) > 0) return { outcome: "busy" };
  if (refusals && !inFlight.acquire(client.clientId, unknown, nowMs)) return { outcome: "busy" };
  return { outcome: "ready", signatureKeys: client.signatureKeys, known };
}
