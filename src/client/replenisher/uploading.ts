/** Sends stored packages, and notes what became of each. */
import type { Inventory, Policy, PublishResult } from "../api-types.ts";
import { localError } from "../directory-error.ts";
import { type HeldPackage, type HeldState, refsOf } from "./held-packages.ts";
import type { RunContext } from "./run-context.ts";

/** `{"key_packages":[]}`, and some. */
const BODY_FRAME_BYTES = 64;

/**
 * What becomes of a package by the directory's answer. A code that is not here is a refusal: the directory never had the
 * package. One that has expired, or was made before a restore, may have been claimed.
 */
const STATE_AFTER: Partial<Record<PublishResult["code"], HeldState>> = {
  stored: "offered",
  duplicate: "offered",
  already_claimed: "gone",
  already_removed: "gone",
  last_resort_superseded: "gone",
  lifetime_expired: "gone",
  before_restore_epoch: "gone",
  stock_full: "made",
};

/** Sends these, and none whose private keys storage does not give back. */
export async function upload(
  { directory, held, counts, signal, tell }: RunContext,
  batch: readonly HeldPackage[],
): Promise<{ readonly inventory: Inventory; readonly allRefused: boolean }> {
  const packages: Uint8Array[] = [];
  for (const { ref } of batch) {
    const stored = await held.open(ref);
    if (!stored) throw localError("storage_failed", "storage does not give back private keys, so nothing was uploaded");
    packages.push(stored.keyPackage);
  }
  const { results, inventory } = await directory.publish(packages, { signal });
  const states = new Map<string, HeldState>();
  const offered: HeldPackage[] = [];
  const refused: string[] = [];
  for (const { index, code, detail = "" } of results) {
    const sent = batch[index];
    if (!sent) continue;
    const { ref } = sent;
    const state = STATE_AFTER[code];
    if (state) states.set(ref, state);
    else {
      refused.push(ref);
      tell({ kind: "refused", ref, code, detail });
    }
    if (state === "offered") offered.push(sent);
  }
  // The directory has one last resort of each suite: the latest.
  const latest = offered.filter(({ lastResort }) => lastResort);
  for (const { ref, ciphersuite, lastResort, state } of latest.length > 0 ? await held.list() : []) {
    const isReplaced = latest.some((one) => one.ciphersuite === ciphersuite && one.ref !== ref);
    if (lastResort && state === "offered" && isReplaced) states.set(ref, "gone");
  }
  // What is refused was never offered to anybody: its keys open nothing.
  await held.settle(states, refused, directory.now());
  counts.uploaded += offered.length;
  counts.refused += refused.length;
  if (offered.length > 0) tell({ kind: "uploaded", refs: refsOf(offered) });
  if (refused.length > 0) tell({ kind: "deleted", refs: refused, reason: "refused" });
  return { inventory, allRefused: offered.length === 0 };
}

/** How many of these one request takes; at least one, of which the directory says itself that it is too large. */
export function countThatFits(packages: readonly HeldPackage[], limits: Policy["limits"]): number {
  let bytes = BODY_FRAME_BYTES;
  let count = 0;
  for (const { keyPackage } of packages) {
    bytes += keyPackage.length + 3;
    if (count > 0 && (count >= limits.key_packages_per_request || bytes > limits.body_bytes)) break;
    count++;
  }
  return count;
}
