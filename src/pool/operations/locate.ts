/** Whose package a reference names, from what the pool remembers of every upload. Reads only. */
import type { LocatedPackage } from "../../contract/route-messages.ts";
import { allClients } from "../tables/clients-table.ts";
import { knownRefs } from "../tables/fingerprints-table.ts";

/** Those of the references that name a package of the user which has not ended, live or gone, in their order. */
export function locate(sql: SqlStorage, refs: readonly Uint8Array[], now: number): readonly LocatedPackage[] {
  const names = new Map(allClients(sql).map(({ clientId, client }) => [clientId, client]));
  const known = knownRefs(sql, refs);
  return refs.flatMap((ref, index) => {
    const one = known[index];
    const client = one && names.get(one.clientId);
    return one && client !== undefined && one.notAfter > now ? [{ ref, client, notAfter: one.notAfter }] : [];
  });
}
