/** Comparing what a client holds keys for with what is in its stock. */
import type { ReconcileCall } from "../../contract/pool-messages.ts";
import { compareBytes, equalBytes } from "../../shared/bytes.ts";
import { refsDigest } from "../../shared/refs-digest.ts";
import { livePackages } from "../tables/chunks.ts";
import type { ClientRecord } from "../tables/clients.ts";
import { claimedAmong } from "../tables/fingerprints.ts";
import { removePackages } from "./stock.ts";

export type Reconciled = {
  readonly outcome: "same" | "different";
  /** What is live after any pruning. */
  readonly serverRefs: readonly Uint8Array[];
  readonly missingAtServer: readonly Uint8Array[];
  readonly toReplace: readonly Uint8Array[];
  readonly pruned: number;
  /** The client's record as it is now, which the caller writes if anything was pruned. */
  readonly client: ClientRecord;
};

/**
 * Drops first, if asked to, what the client does not hold. Runs inside one transaction. `now` and `restoreEpoch` in unix
 * seconds.
 *
 * After a restore epoch, what the client holds and the server does not is not simply missing: the storage may have
 * forgotten that it was claimed. Only what is known as claimed is listed so; for the rest new packages are wanted.
 */
export function reconcile(
  sql: SqlStorage,
  client: ClientRecord,
  call: ReconcileCall,
  { now, restoreEpoch }: { readonly now: number; readonly restoreEpoch: number },
): Reconciled {
  const held = call.held && new Set(call.held.map((ref) => ref.toHex()));
  const pruned =
    call.prune && held
      ? removePackages(sql, client, ({ ref, notAfter }) => notAfter > now && !held.has(ref.toHex()))
      : { ended: 0, client };
  const serverRefs = livePackages(sql, client.clientId)
    .flatMap(({ entry }) => (entry.notAfter > now ? [entry.ref] : []))
    .sort(compareBytes);
  const live = new Set(serverRefs.map((ref) => ref.toHex()));
  const missing = (call.held ?? []).filter((ref) => !live.has(ref.toHex())).sort(compareBytes);
  const claimed = restoreEpoch > 0 ? claimedAmong(sql, missing, now) : undefined;
  const isSimplyMissing = (ref: Uint8Array) => claimed?.has(ref.toHex()) ?? true;
  return {
    outcome: equalBytes(refsDigest(serverRefs), call.digest) ? "same" : "different",
    serverRefs,
    missingAtServer: missing.filter(isSimplyMissing),
    toReplace: missing.filter((ref) => !isSimplyMissing(ref)),
    pruned: pruned.ended,
    client: pruned.client,
  };
}
