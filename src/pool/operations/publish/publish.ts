/** Taking admitted packages into a client's stock: adding, and replacing all of it. Runs inside one transaction. */
import type { StockSettings } from "../../../config/settings.ts";
import type { PublishCall, PublishCode } from "../../../contract/publish-messages.ts";
import { type NewPackage, storeChunks, takeOut } from "../../tables/chunks-table.ts";
import { type ClientRecord, withLive, withStored } from "../../tables/clients-table.ts";
import { fingerprintsOf, markRemoved, remember } from "../../tables/fingerprints-table.ts";
import { StockDraft } from "./stock-draft.ts";

export type PublishContext = {
  readonly sql: SqlStorage;
  readonly client: ClientRecord;
  readonly stock: StockSettings;
  /** Unix seconds. */
  readonly now: number;
  /** Packages whose `not_before` is earlier were made before a restore, in unix seconds; 0 if there was none. */
  readonly earliestNotBefore: number;
};

export type Published = {
  /** False for a replacement of which a package was refused. */
  readonly applied: boolean;
  /** Whether anything came or went. */
  readonly changed: boolean;
  /** One for each package, in order. */
  readonly codes: readonly PublishCode[];
  /** The client's record as it is now, which the caller writes. */
  readonly client: ClientRecord;
};

/** Adds what can be added, or makes the packages the whole stock of the client if all of them can be stored. */
export function publish(
  context: PublishContext,
  { mode, keyPackages, kept = [] }: Pick<PublishCall, "mode" | "keyPackages" | "kept">,
): Published {
  const { sql, client, stock, now, earliestNotBefore } = context;
  const upload = keyPackages.map((keyPackage) => ({ keyPackage, fingerprints: fingerprintsOf(keyPackage) }));
  const draft = new StockDraft(sql, client, upload, stock, now);
  // What is live already stays in its place.
  if (mode === "replace") {
    draft.keepOnly(new Set([...keyPackages.map(({ ref }) => ref), ...kept].map((ref) => ref.toHex())));
  }
  const codes = upload.map((candidate, index) =>
    candidate.keyPackage.notBefore < earliestNotBefore ? "before_restore_epoch" : draft.add(index, candidate),
  );
  // Of several last resorts in one upload the last one stays; the owner hears of the others.
  for (const [index, { ref }] of keyPackages.entries()) {
    if (codes[index] !== undefined && isKept(codes[index]) && !draft.has(ref.toHex())) {
      codes[index] = "last_resort_superseded";
    }
  }
  const isWhole = codes.every(isKept) && kept.every((ref) => draft.has(ref.toHex()));
  if (mode === "replace" && !isWhole) return { applied: false, changed: false, codes, client };
  const changed = draft.ended.size + draft.added.size > 0;
  return { applied: true, changed, codes, client: changed ? write(context, draft) : client };
}

/** Codes with which a package is in the stock when the call ends. */
const isKept = (code: PublishCode): boolean => code === "stored" || code === "duplicate";

/** Brings the stock to the draft: what has ended goes, what was added is stored, and all of it is remembered. */
function write({ sql, client, now }: PublishContext, draft: StockDraft): ClientRecord {
  const { clientId } = client;
  let queues = draft.queues;
  if (draft.ended.size > 0) {
    const gone = takeOut(sql, clientId, ({ ref }) => draft.ended.has(ref.toHex()));
    for (const { queueId } of gone) queues = withLive(queues, queueId, -1);
    markRemoved(
      sql,
      clientId,
      gone.map(({ ref }) => ref),
    );
  }
  const added = [...draft.added].map(([ref, one]) => ({ ...one, superseded: !draft.has(ref) }));
  const byQueue = new Map<number, NewPackage[]>();
  for (const { index, keyPackage, queueId, superseded } of added) {
    if (superseded) continue;
    const packages = byQueue.get(queueId) ?? [];
    packages.push({ sequence: client.nextSequence + index, keyPackage });
    byQueue.set(queueId, packages);
  }
  for (const [queueId, packages] of byQueue) {
    storeChunks(sql, { clientId, queueId, storedAt: now }, packages);
    queues = withStored(
      queues,
      queueId,
      packages.map(({ keyPackage }) => keyPackage.notAfter),
      now,
    );
  }
  remember(
    sql,
    clientId,
    added.map(({ keyPackage, fingerprints, superseded }) => ({
      fingerprints,
      notAfter: keyPackage.notAfter,
      removed: superseded,
    })),
  );
  const last = Math.max(-1, ...added.map(({ index }) => index));
  return { ...client, queues, nextSequence: client.nextSequence + last + 1 };
}

/** Whether claimers can see no difference: the same kinds of packages are in stock. */
export function offersTheSame(before: ClientRecord, after: ClientRecord): boolean {
  const kinds = ({ queues }: ClientRecord) => queues.filter(({ live }) => live > 0).map(({ queueId }) => queueId);
  const [a, b] = [kinds(before), kinds(after)];
  return a.length === b.length && a.every((queueId) => b.includes(queueId));
}
