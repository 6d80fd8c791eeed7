/**
 * Brings both sides together: the directory removes what has no private keys here, and what was sent without an answer is
 * known as offered. What the directory does not have any more is gone: claimed, for the most part.
 */
import type { Inventory, MissingPackage } from "../api-types.ts";
import { type HeldState, refsOf } from "./held-packages.ts";
import type { RunContext } from "./run-context.ts";

const REFS_PER_REMOVE = 1_000;

export async function compare({ directory, held, counts, signal, tell }: RunContext): Promise<Inventory> {
  const now = directory.now();
  const live = (await held.list()).filter(({ state, notAfter }) => state !== "gone" && notAfter > now);
  const refs = refsOf(live);
  const found = await directory.reconcile(refs, { prune: true, signal });
  let { inventory } = found;
  const atServer = new Set(found.server_refs);
  const ended = new Set(found.missing_at_server.filter(isEnded).map(({ key_package_ref }) => key_package_ref));
  const states = new Map<string, HeldState>();
  for (const { ref, state } of live) {
    // One that was made and has ended: its upload was never answered, and it was in stock since.
    const isGone = state === "offered" || ended.has(ref);
    const next = atServer.has(ref) ? "offered" : isGone ? "gone" : state;
    if (next !== state) states.set(ref, next);
    atServer.delete(ref);
  }
  // What is left there was not pruned, because of very many references only the digest is sent.
  const foreign = [...atServer];
  const removed = found.pruned + foreign.length;
  while (foreign.length > 0) ({ inventory } = await directory.remove(foreign.splice(0, REFS_PER_REMOVE), { signal }));
  await held.settle(states, [], now);
  counts.pruned += removed;
  if (removed > 0) tell({ kind: "pruned", count: removed });
  return inventory;
}

/**
 * Whether a package was at the directory once and is not offered again. Of one that the directory does not know, the
 * upload decides: it takes what was made after a restore.
 */
const isEnded = ({ reason }: MissingPackage): boolean => reason === "claimed" || reason === "removed";
