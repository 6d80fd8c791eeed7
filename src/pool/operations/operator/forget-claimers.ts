/**
 * Taking the names of erased users out of somebody else's pool. Two things hold them: records of claims, and the budgets
 * of the clients that were claimed from. Nothing says beforehand which pools those are
 * (docs/decisions/0014-erasure-by-walk.md), so every pool is asked, and one that holds no name writes nothing.
 */
import { claimsBy, forgetClaimersOfRecords } from "../../tables/claims-table.ts";
import { allClients, writeClient } from "../../tables/clients-table.ts";
import { bucketsOfClaimer } from "../claim/claim-budgets.ts";

/** In how many records of each kind one of the names was. */
export type Forgotten = { readonly claims: number; readonly clients: number };

export function forgetClaimers(
  sql: SqlStorage,
  { users, dryRun }: { readonly users: readonly string[]; readonly dryRun: boolean },
): Forgotten {
  const buckets = new Set(users.flatMap((user) => Object.values(bucketsOfClaimer(user))));
  const claims = claimsBy(sql, users);
  const named = allClients(sql).filter(({ budgets }) => [...budgets.keys()].some((name) => buckets.has(name)));
  if (!dryRun) {
    if (claims > 0) forgetClaimersOfRecords(sql, users);
    for (const client of named) {
      writeClient(sql, { ...client, budgets: new Map([...client.budgets].filter(([name]) => !buckets.has(name))) });
    }
  }
  return { claims, clients: named.length };
}
