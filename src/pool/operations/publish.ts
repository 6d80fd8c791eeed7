/** Taking admitted packages into a client's stock: adding, and replacing all of it. */
import { MAX_QUEUES_PER_CLIENT } from "../../config/limits.ts";
import type { StockSettings } from "../../config/settings.ts";
import type { AdmittedKeyPackage } from "../../contract/admitted-key-package.ts";
import type { PublishCall, PublishCode } from "../../contract/pool-messages.ts";
import { equalBytes } from "../../shared/bytes.ts";
import { inventory } from "../tables/inventory.ts";
import { endOthers, endQueue, insert, keyIsKnown, stateOfRef } from "../tables/packages.ts";
import { State } from "../tables/pool-schema.ts";
import { insertQueue, isSameKind, kindOf, type Queue, queuesOf } from "../tables/queues.ts";
import { signatureKeys } from "../tables/registrations.ts";

export type PublishContext = {
  readonly sql: SqlStorage;
  readonly clientId: number;
  readonly stock: StockSettings;
  readonly now: number;
};

export type Published = {
  readonly applied: boolean;
  /** One code for each package, in their order. */
  readonly codes: readonly PublishCode[];
  /** Whether the stock changed, so that the directory must be told. */
  readonly changed: boolean;
  /** Whether the client now offers other kinds of packages than before: what claimers may want to know at once. */
  readonly offersOthers: boolean;
};

/** Adds what can be added, or replaces all if all can be stored. Runs inside a transaction. */
export function publish(
  storage: DurableObjectStorage,
  context: PublishContext,
  { mode, keyPackages }: Pick<PublishCall, "mode" | "keyPackages">,
): Published {
  const offered = offeredQueues(context);
  const { applied, codes } =
    mode === "add"
      ? { applied: true, codes: add(context, keyPackages) }
      : replaceOrRollBack(storage, context, keyPackages);
  const changed = applied && (mode === "replace" || codes.includes("stored"));
  const offersOthers = changed && offered.symmetricDifference(offeredQueues(context)).size > 0;
  return { applied, codes, changed, offersOthers };
}

/** The ids of the queues from which a claim can take something. */
function offeredQueues({ sql, clientId }: PublishContext): Set<number> {
  return new Set(
    queuesOf(sql, clientId)
      .filter((queue) => queue.live > 0)
      .map((queue) => queue.queueId),
  );
}

/** Thrown to roll back a replacement of which one package was refused; carries what the publisher is told. */
class ReplacementRefused extends Error {
  readonly codes: readonly PublishCode[];
  constructor(codes: readonly PublishCode[]) {
    super("a package of the replacement was refused");
    this.codes = codes;
  }
}

function replaceOrRollBack(
  storage: DurableObjectStorage,
  context: PublishContext,
  keyPackages: readonly AdmittedKeyPackage[],
): Pick<Published, "applied" | "codes"> {
  try {
    return storage.transactionSync(() => {
      const codes = replace(context, keyPackages);
      if (!codes.every(isKept)) throw new ReplacementRefused(codes);
      return { applied: true, codes };
    });
  } catch (error) {
    if (error instanceof ReplacementRefused) return { applied: false, codes: error.codes };
    throw error;
  }
}

/** Codes with which a package is in the stock when the call ends. */
const isKept = (code: PublishCode): boolean => code === "stored" || code === "duplicate";

/**
 * Makes these packages the whole stock of the client, all ciphersuites and last resorts. What is already live stays
 * in its place; what is not in the list becomes a tombstone. If any package is not kept the caller must roll back.
 */
function replace(context: PublishContext, keyPackages: readonly AdmittedKeyPackage[]): PublishCode[] {
  const kept = new Set(keyPackages.map((keyPackage) => keyPackage.ref.toHex()));
  endOthers(context.sql, context.clientId, kept, State.replaced, context.now);
  return add(context, keyPackages);
}

/** What a batch needs to know of the client: read once, and kept true while its packages are stored. */
type Batch = PublishContext & {
  /** Registered public keys by signature scheme. */
  readonly registered: ReadonlyMap<number, Uint8Array>;
  /** One-time packages that still fit, by ciphersuite; without an entry the whole cap does. */
  readonly room: Map<number, number>;
  /** Empty ones included. */
  readonly queues: Queue[];
  /** The id of the queue that holds the last resort, by ciphersuite: there is one at most. */
  readonly lastResorts: Map<number, number>;
};

function beginBatch(context: PublishContext): Batch {
  const { sql, clientId, stock, now } = context;
  const suites = inventory(sql, clientId, stock, now);
  const queues = [...queuesOf(sql, clientId)];
  const lastResorts = queues.filter((queue) => queue.lastResort && queue.live > 0);
  return {
    ...context,
    registered: new Map(signatureKeys(sql, clientId).map((key) => [key.scheme, key.publicKey])),
    room: new Map(suites.map((suite) => [suite.ciphersuite, stock.capPackages - suite.available])),
    queues,
    lastResorts: new Map(lastResorts.map((queue) => [queue.ciphersuite, queue.queueId])),
  };
}

/**
 * Adds packages in their order and answers one code for each. A refused one leaves no trace and does not touch the
 * others. Runs inside one transaction.
 */
function add(context: PublishContext, keyPackages: readonly AdmittedKeyPackage[]): PublishCode[] {
  const batch = beginBatch(context);
  const codes: PublishCode[] = [];
  /** Places in the batch of the last resorts in stock, by ciphersuite. */
  const lastResortsKept = new Map<number, number[]>();
  for (const [index, keyPackage] of keyPackages.entries()) {
    const code = refusal(batch, keyPackage) ?? store(batch, keyPackage);
    codes.push(code);
    if (!keyPackage.lastResort || !isKept(code)) continue;
    // Of several last resorts in one batch the last one is kept, and the code of each earlier one says so.
    const earlier = lastResortsKept.get(keyPackage.ciphersuite) ?? [];
    if (code === "stored") for (const ended of earlier.splice(0)) codes[ended] = "last_resort_superseded";
    lastResortsKept.set(keyPackage.ciphersuite, [...earlier, index]);
  }
  return codes;
}

function refusal({ sql, clientId, registered }: Batch, keyPackage: AdmittedKeyPackage): PublishCode | undefined {
  const publicKey = registered.get(keyPackage.signatureScheme);
  if (!publicKey || !equalBytes(publicKey, keyPackage.signatureKey)) return "signature_key_mismatch";
  const state = stateOfRef(sql, clientId, keyPackage.ref);
  if (state === State.live) return "duplicate";
  if (state !== undefined) return state === State.claimed ? "already_claimed" : "already_removed";
  // ECDSA signatures can be rewritten without the key, which changes the reference: the keys inside are what counts.
  if (keyIsKnown(sql, clientId, "init_key", keyPackage.initKey)) return "init_key_reused";
  if (keyIsKnown(sql, clientId, "encryption_key", keyPackage.encryptionKey)) return "encryption_key_reused";
  return undefined;
}

function store(batch: Batch, keyPackage: AdmittedKeyPackage): PublishCode {
  const { sql, clientId, stock, now, room, lastResorts } = batch;
  const { ciphersuite, lastResort } = keyPackage;
  const free = room.get(ciphersuite) ?? stock.capPackages;
  if (!lastResort && free <= 0) return "stock_full";
  const queueId = queueFor(batch, keyPackage);
  if (queueId === undefined) return "too_many_capability_sets";
  if (lastResort) {
    const earlier = lastResorts.get(ciphersuite);
    if (earlier !== undefined) endQueue(sql, earlier, State.replaced, now);
    lastResorts.set(ciphersuite, queueId);
  } else {
    room.set(ciphersuite, free - 1);
  }
  insert(sql, clientId, queueId, keyPackage, now);
  return "stored";
}

/** The queue that the package belongs to, made for the first of its kind; undefined if the client has too many queues. */
function queueFor({ sql, clientId, queues }: Batch, keyPackage: AdmittedKeyPackage): number | undefined {
  const kind = kindOf(keyPackage);
  const known = queues.find((queue) => isSameKind(queue, kind));
  if (known) return known.queueId;
  if (queues.length >= MAX_QUEUES_PER_CLIENT) return undefined;
  const made = insertQueue(sql, clientId, kind);
  queues.push(made);
  return made.queueId;
}
