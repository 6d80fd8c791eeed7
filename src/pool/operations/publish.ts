/** Taking admitted packages into a client's stock: adding, and replacing all of it. */
import { MAX_QUEUES_PER_CLIENT } from "../../config/limits.ts";
import type { StockSettings } from "../../config/settings.ts";
import type { AdmittedKeyPackage } from "../../contract/admitted-key-package.ts";
import type { PublishCall, PublishCode } from "../../contract/pool-messages.ts";
import { equalBytes } from "../../shared/bytes.ts";
import { end, endAll, insert, inventory, keyIsKnown, queueFor, queuesOf, stateOfRef } from "../tables/packages.ts";
import { State } from "../tables/pool-schema.ts";
import { signatureKeys } from "../tables/registrations.ts";

export type PublishContext = {
  readonly sql: SqlStorage;
  readonly clientId: number;
  readonly stock: StockSettings;
  readonly now: number;
};

/** Thrown to roll back a replacement of which one package was refused; carries what the owner is told. */
class ReplacementRefused extends Error {
  readonly codes: readonly PublishCode[];
  constructor(codes: readonly PublishCode[]) {
    super("a package of the replacement was refused");
    this.codes = codes;
  }
}

export type Published = { readonly applied: boolean; readonly codes: readonly PublishCode[] };

/** Adds what can be added, or replaces all if all can be stored. Runs inside a transaction. */
export function publish(
  storage: DurableObjectStorage,
  context: PublishContext,
  { mode, keyPackages }: Pick<PublishCall, "mode" | "keyPackages">,
): Published {
  if (mode === "add") return { applied: true, codes: add(context, keyPackages) };
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
 * Adds packages in their order and answers one code for each. A refused one leaves no trace and does not touch the
 * others. Runs inside one transaction.
 */
function add(context: PublishContext, keyPackages: readonly AdmittedKeyPackage[]): PublishCode[] {
  const registered = new Map(signatureKeys(context.sql, context.clientId).map((key) => [key.scheme, key.publicKey]));
  const room = new Map(
    inventory(context.sql, context.clientId, context.stock, context.now).map((suite) => [
      suite.ciphersuite,
      context.stock.capPackages - suite.available,
    ]),
  );
  const codes: PublishCode[] = [];
  const standing = new Map<number, number[]>();
  for (const [index, keyPackage] of keyPackages.entries()) {
    const code = refusal(context, registered, keyPackage) ?? store(context, keyPackage, room);
    codes.push(code);
    if (!keyPackage.lastResort || !isKept(code)) continue;
    // Of several last resorts in one batch the last stands; the others are told, instead of vanishing in silence.
    const earlier = standing.get(keyPackage.ciphersuite) ?? [];
    if (code === "stored") for (const ended of earlier.splice(0)) codes[ended] = "last_resort_superseded";
    standing.set(keyPackage.ciphersuite, [...earlier, index]);
  }
  return codes;
}

/**
 * Makes these packages the whole stock of the client, all ciphersuites and last resorts. What is already live stays
 * in its place; what is not in the list becomes a tombstone. If any code is not kept the claimer must roll back.
 */
function replace(context: PublishContext, keyPackages: readonly AdmittedKeyPackage[]): PublishCode[] {
  const { sql, clientId, now } = context;
  const live = sql
    .exec<{ sequence: number; queue_id: number; ref: ArrayBuffer }>(
      "SELECT sequence, queue_id, ref FROM key_packages WHERE client_id = ? AND state = 0",
      clientId,
    )
    .toArray();
  const wanted = new Set(keyPackages.map((keyPackage) => keyPackage.ref.toHex()));
  for (const row of live) {
    if (!wanted.has(new Uint8Array(row.ref).toHex())) end(sql, row.sequence, row.queue_id, State.replaced, now);
  }
  return add(context, keyPackages);
}

function refusal(
  { sql, clientId }: PublishContext,
  registered: ReadonlyMap<number, Uint8Array>,
  keyPackage: AdmittedKeyPackage,
): PublishCode | undefined {
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

function store(
  { sql, clientId, stock, now }: PublishContext,
  keyPackage: AdmittedKeyPackage,
  room: Map<number, number>,
): PublishCode {
  const free = room.get(keyPackage.ciphersuite) ?? stock.capPackages;
  if (!keyPackage.lastResort && free <= 0) return "stock_full";
  const queues = queuesOf(sql, clientId);
  const queueId = queueFor(sql, clientId, keyPackage);
  if (!queues.some((queue) => queue.queueId === queueId) && queues.length >= MAX_QUEUES_PER_CLIENT) {
    sql.exec("DELETE FROM queues WHERE queue_id = ?", queueId);
    return "too_many_capability_sets";
  }
  if (keyPackage.lastResort) {
    for (const queue of queues) {
      if (queue.lastResort && queue.ciphersuite === keyPackage.ciphersuite && queue.live > 0) {
        endAll(sql, { queueId: queue.queueId }, State.replaced, now);
      }
    }
  } else {
    room.set(keyPackage.ciphersuite, free - 1);
  }
  insert(sql, clientId, queueId, keyPackage, now);
  return "stored";
}
