/** What an operator does to budgets: emptying buckets before their time, and multiplying what they allow. */
import type { BudgetSettings } from "../../../config/settings.ts";
import type { ResetBudgetsCall } from "../../../contract/operator-messages.ts";
import { allClients, writeClient } from "../../tables/clients-table.ts";
import { readPool, writePool } from "../../tables/pool-row.ts";
import { bucketsOfClaimer } from "../claim/claim-budgets.ts";

/**
 * Empties the buckets of one claimer, or else all of them; at one client, or else at all, and then those of the user as a
 * whole too. Returns how many were emptied.
 */
export function resetBudgets(
  sql: SqlStorage,
  { client, claimer }: Pick<ResetBudgetsCall, "client" | "claimer">,
): number {
  const named = claimer === undefined ? undefined : new Set<string>(Object.values(bucketsOfClaimer(claimer)));
  const isReset = (name: string): boolean => named?.has(name) ?? true;
  let reset = 0;
  for (const one of allClients(sql)) {
    if (client !== undefined && one.client !== client) continue;
    const kept = new Map([...one.budgets].filter(([name]) => !isReset(name)));
    if (kept.size === one.budgets.size) continue;
    reset += one.budgets.size - kept.size;
    writeClient(sql, { ...one, budgets: kept });
  }
  const { budgets } = readPool(sql);
  if (client === undefined && claimer === undefined && budgets.size > 0) {
    reset += budgets.size;
    writePool(sql, { budgets: new Map() });
  }
  return reset;
}

/** The budgets, each so many times as large. One that is switched off stays so. */
export function raisedBy(settings: BudgetSettings, factor: number): BudgetSettings {
  const times = (count: number | undefined) => (count === undefined ? undefined : count * factor);
  const { pair } = settings;
  return {
    pair: pair && { burst: pair.burst * factor, perHour: pair.perHour * factor },
    targetPerHour: times(settings.targetPerHour),
    missesPerHour: times(settings.missesPerHour),
    refusalsPerMinute: times(settings.refusalsPerMinute),
    uploadsPerDay: times(settings.uploadsPerDay),
    userUploadsPerDay: times(settings.userUploadsPerDay),
    registrationsPerHour: times(settings.registrationsPerHour),
    // Kept by the Worker, for callers, and not by a pool.
    unknownUsersPerHour: settings.unknownUsersPerHour,
  };
}
