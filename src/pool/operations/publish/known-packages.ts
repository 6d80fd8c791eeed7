/** What a pool can say of packages from their references, before anybody has checked a signature. Reads only. */
import type { KnownCode, PreflightCall } from "../../../contract/publish-messages.ts";
import { livePackages } from "../../tables/chunks-table.ts";
import type { ClientRecord } from "../../tables/clients-table.ts";
import { knownRefs } from "../../tables/fingerprints-table.ts";

export type KnownContext = {
  readonly sql: SqlStorage;
  readonly client: ClientRecord;
  readonly capPackages: number;
  /** Unix seconds. */
  readonly now: number;
};

/**
 * A code for each package that needs no check, in their order. Of several copies in one upload the later ones are left to
 * the upload itself, which knows what becomes of the first.
 */
export function knownCodes(
  { sql, client, capPackages, now }: KnownContext,
  { mode, packages }: Pick<PreflightCall, "mode" | "packages">,
): readonly (KnownCode | undefined)[] {
  const queues = new Map(client.queues.map((queue) => [queue.queueId, queue]));
  const live = new Set<string>();
  const inStock = new Map<number, number>();
  const add = (ciphersuite: number) => inStock.set(ciphersuite, (inStock.get(ciphersuite) ?? 0) + 1);
  const named = new Set(packages.map(({ ref }) => ref.toHex()));
  for (const { queueId, entry } of livePackages(sql, client.clientId)) {
    const ref = entry.ref.toHex();
    live.add(ref);
    const queue = queues.get(queueId);
    const stays = mode === "add" || named.has(ref);
    if (queue && !queue.lastResort && stays && entry.notAfter > now) add(queue.ciphersuite);
  }
  const known = knownRefs(
    sql,
    packages.map(({ ref }) => ref),
  );
  return packages.map(({ ref, ciphersuite, lastResort }, index): KnownCode | undefined => {
    const one = known[index];
    // What has expired is refused for that, by the check.
    if (one && one.notAfter <= now) return undefined;
    if (live.has(ref.toHex())) return "duplicate";
    if (one) return codeOf(sql, client, one, ref, now);
    if (lastResort) return undefined;
    if ((inStock.get(ciphersuite) ?? 0) >= capPackages) return "stock_full";
    add(ciphersuite);
    return undefined;
  });
}

/** A reference that is known and not live at this client: live at a sibling, removed, expired, or else claimed. */
export function codeOf(
  sql: SqlStorage,
  client: ClientRecord,
  { clientId, removed, notAfter }: NonNullable<ReturnType<typeof knownRefs>[number]>,
  ref: Uint8Array,
  now: number,
): "already_removed" | "already_claimed" | "init_key_reused" {
  if (removed || notAfter <= now) return "already_removed";
  const isElsewhere = clientId !== client.clientId;
  const text = ref.toHex();
  if (isElsewhere && livePackages(sql, clientId).some(({ entry }) => entry.ref.toHex() === text)) {
    return "init_key_reused";
  }
  return "already_claimed";
}
