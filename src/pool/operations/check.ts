/**
 * Leave to check packages. Checking signatures is what an abuser could make the service pay for: a client whose refused
 * packages have spent its budget, or that has too many under way, has to wait.
 */
import type { BudgetSettings } from "../../config/settings.ts";
import type { PreflightAnswer } from "../../contract/pool-messages.ts";
import type { InFlightLimit } from "../runtime/in-flight-limit.ts";
import { type Bucket, bucketWaitMs, spend } from "../tables/budgets.ts";
import { signatureKeys } from "../tables/registrations.ts";

const MINUTE_MS = 60_000;

export type CheckContext = {
  readonly sql: SqlStorage;
  readonly inFlight: InFlightLimit;
  readonly budgets: BudgetSettings;
  readonly clientId: number;
  readonly nowMs: number;
};

/** Begins the check of so many packages, if the client may. */
export function beginCheck(context: CheckContext, packages: number): PreflightAnswer {
  const { sql, inFlight, clientId, nowMs } = context;
  const bucket = refusals(context);
  if (bucket) {
    const waitMs = bucketWaitMs(sql, bucket, nowMs);
    if (waitMs > 0) return { outcome: "refusals_exhausted", retryAfterSeconds: Math.ceil(waitMs / 1000) };
    if (!inFlight.acquire(clientId, packages, nowMs)) return { outcome: "busy" };
  }
  return { outcome: "ready", signatureKeys: signatureKeys(sql, clientId) };
}

/** Ends the check of so many packages, and charges the client for those that were refused. */
export function endCheck(
  context: CheckContext,
  packages: { readonly checked: number; readonly refused: number },
): void {
  const { sql, inFlight, clientId, nowMs } = context;
  const bucket = refusals(context);
  if (bucket && packages.refused > 0) spend(sql, bucket, nowMs, packages.refused);
  inFlight.release(clientId, packages.checked, nowMs);
}

function refusals({ budgets, clientId }: CheckContext): Bucket | undefined {
  const perMinute = budgets.refusalsPerMinute;
  if (perMinute === undefined) return undefined;
  return { kind: "refusals", clientId, claimer: "", rate: { burst: perMinute, intervalMs: MINUTE_MS / perMinute } };
}
