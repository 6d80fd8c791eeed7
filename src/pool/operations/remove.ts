/** Removing packages at their owner's wish. */
import type { RemoveCall } from "../../contract/pool-messages.ts";
import { endAll, endRef } from "../tables/packages.ts";
import { State } from "../tables/pool-schema.ts";

/** Returns how many were live and are removed; references of other packages are passed over. */
export function remove(sql: SqlStorage, clientId: number, which: RemoveCall["which"], now: number): number {
  if (which.kind === "all") return endAll(sql, clientId, State.deleted, now);
  return which.refs.filter((ref) => endRef(sql, clientId, ref, State.deleted, now)).length;
}
