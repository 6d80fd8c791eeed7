/** Comparing what a client holds keys for with what is in its stock. */
import type { ReconcileCall } from "../../contract/pool-messages.ts";
import { compareBytes, equalBytes } from "../../shared/bytes.ts";
import { refsDigest } from "../../shared/refs-digest.ts";
import { endRef, liveRefs } from "../tables/packages.ts";
import { State } from "../tables/pool-schema.ts";

export type Reconciled = {
  readonly outcome: "same" | "different";
  /** What is live after any pruning. */
  readonly serverRefs: readonly Uint8Array[];
  readonly missingAtServer: readonly Uint8Array[];
  readonly pruned: number;
};

/** Drops first, if asked to, what the client does not hold. Runs inside one transaction. */
export function reconcile(sql: SqlStorage, clientId: number, call: ReconcileCall, now: number): Reconciled {
  const held = call.held && new Set(call.held.map((ref) => ref.toHex()));
  const pruned = call.prune && held ? prune(sql, clientId, held, now) : 0;
  const serverRefs = liveRefs(sql, clientId, now);
  const live = new Set(serverRefs.map((ref) => ref.toHex()));
  return {
    outcome: equalBytes(refsDigest(serverRefs), call.digest) ? "same" : "different",
    serverRefs,
    missingAtServer: (call.held ?? []).filter((ref) => !live.has(ref.toHex())).sort(compareBytes),
    pruned,
  };
}

function prune(sql: SqlStorage, clientId: number, held: ReadonlySet<string>, now: number): number {
  return liveRefs(sql, clientId, now).filter(
    (ref) => !held.has(ref.toHex()) && endRef(sql, clientId, ref, State.deleted, now),
  ).length;
}
