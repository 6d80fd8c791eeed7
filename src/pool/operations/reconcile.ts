/** Comparing what a client holds keys for with what is in its stock. */
import type { MissingPackage, MissingReason, ReconcileCall } from "../../contract/stock-messages.ts";
import { compareBytes, equalBytes } from "../../shared/bytes.ts";
import { refsDigest } from "../../shared/refs-digest.ts";
import { livePackages } from "../tables/chunks-table.ts";
import type { ClientRecord } from "../tables/clients-table.ts";
import { type KnownRef, knownRefs } from "../tables/fingerprints-table.ts";
import { removePackages } from "./stock.ts";

export type Reconciled = {
  readonly outcome: "same" | "different";
  /** What is live after any pruning. */
  readonly serverRefs: readonly Uint8Array[];
  readonly missing: readonly MissingPackage[];
  readonly pruned: number;
  /** The client's record as it is now, which the caller writes if anything was pruned. */
  readonly client: ClientRecord;
};

/** Unix seconds. */
export type ReconcileTimes = {
  readonly now: number;
  /**
   * Packages that expire later were uploaded after the newest restore epoch: what the pool knows of those is all there
   * is to know. 0 if there never was an epoch.
   */
  readonly forgottenUntil: number;
};

/** Drops first, if asked to, what the client does not hold. Runs inside one transaction. */
export function reconcile(
  sql: SqlStorage,
  client: ClientRecord,
  call: ReconcileCall,
  times: ReconcileTimes,
): Reconciled {
  const held = call.held && new Set(call.held.map((ref) => ref.toHex()));
  const pruned =
    call.prune && held
      ? removePackages(sql, client, ({ ref, notAfter }) => notAfter > times.now && !held.has(ref.toHex()))
      : { ended: 0, client };
  const serverRefs = livePackages(sql, client.clientId)
    .flatMap(({ entry }) => (entry.notAfter > times.now ? [entry.ref] : []))
    .sort(compareBytes);
  const live = new Set(serverRefs.map((ref) => ref.toHex()));
  const missing = (call.held ?? []).filter((ref) => !live.has(ref.toHex())).sort(compareBytes);
  const known = knownRefs(sql, missing);
  const isLiveAt = liveRefs(sql);
  return {
    outcome: equalBytes(refsDigest(serverRefs), call.digest) ? "same" : "different",
    serverRefs,
    missing: missing.map((ref, index) => {
      const one = known[index];
      // The owner of a package in stock at another client is that one.
      const isOthers = one !== undefined && one.clientId !== client.clientId && isLiveAt(one.clientId, ref);
      return { ref, reason: reasonOf(isOthers ? undefined : one, times) };
    }),
    pruned: pruned.ended,
    client: pruned.client,
  };
}

/**
 * Why a package is not in stock. After a restore epoch, only what is known as claimed or expired is told so: the storage
 * may have forgotten that another one was claimed, and voiding has marked as removed what came back with the older copy.
 */
function reasonOf(known: KnownRef | undefined, { now, forgottenUntil }: ReconcileTimes): MissingReason {
  if (!known) return now < forgottenUntil ? "unknown_since_restore" : "never_seen";
  if (known.notAfter <= now) return "expired";
  if (!known.removed) return "claimed";
  return known.notAfter <= forgottenUntil ? "unknown_since_restore" : "removed";
}

/** Whether a package is in stock at a client. The stock of each is read once, when it is first asked about. */
function liveRefs(sql: SqlStorage): (clientId: number, ref: Uint8Array) => boolean {
  const byClient = new Map<number, ReadonlySet<string>>();
  return (clientId, ref) => {
    const live = byClient.get(clientId) ?? new Set(livePackages(sql, clientId).map(({ entry }) => entry.ref.toHex()));
    byClient.set(clientId, live);
    return live.has(ref.toHex());
  };
}
