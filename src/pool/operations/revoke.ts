/** Ending registrations. */
import { clearClaimBudgets } from "../tables/budgets.ts";
import { endAll } from "../tables/packages.ts";
import { State } from "../tables/pool-schema.ts";
import { setRevoked } from "../tables/registrations.ts";

/** Live packages become tombstones and keys go; returns how many packages were live. */
export function revoke(sql: SqlStorage, clientIds: readonly number[], now: number): number {
  let purged = 0;
  for (const clientId of clientIds) {
    purged += endAll(sql, clientId, State.revoked, now);
    setRevoked(sql, clientId, now);
    clearClaimBudgets(sql, clientId);
  }
  return purged;
}
