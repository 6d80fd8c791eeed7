/**
 * What a client's stock would be after an upload: each package is judged against the draft and taken into it, and nothing
 * is written until the whole upload is judged. A replacement that is refused therefore has nothing to undo.
 */
import { MAX_QUEUES_PER_CLIENT } from "../../../config/limits.ts";
import type { StockSettings } from "../../../config/settings.ts";
import type { AdmittedKeyPackage } from "../../../contract/admitted-key-package.ts";
import type { CapabilityLists } from "../../../contract/capability-lists.ts";
import type { PublishCode } from "../../../contract/publish-messages.ts";
import { equalBytes } from "../../../shared/bytes.ts";
import { livePackages } from "../../tables/chunks-table.ts";
import type { ClientRecord, Queue } from "../../tables/clients-table.ts";
import { type Fingerprints, type Known, knownAmong } from "../../tables/fingerprints-table.ts";
import { codeOf } from "./known-packages.ts";

export type Candidate = { readonly keyPackage: AdmittedKeyPackage; readonly fingerprints: Fingerprints };

/** A package that the upload brings, or that was live before it. */
type InStock = {
  readonly queueId: number;
  readonly ciphersuite: number;
  readonly lastResort: boolean;
  /** One that has expired stays until the clock is confirmed, and takes no room. */
  readonly expired: boolean;
};

export type Added = Candidate & { readonly index: number; readonly queueId: number };

export class StockDraft {
  readonly #sql: SqlStorage;
  readonly #client: ClientRecord;
  readonly #cap: number;
  readonly #now: number;
  readonly #known: Known;
  readonly #live = new Map<string, InStock>();
  /** Packages that a ciphersuite has room for; one that is not here has all of it. */
  readonly #room = new Map<number, number>();
  readonly #keys = new Set<string>();
  readonly #registered: ReadonlyMap<number, Uint8Array>;
  /** References, in hexadecimal, of packages that were live before the upload and go. */
  readonly ended = new Set<string>();
  readonly added = new Map<string, Added>();
  queues: readonly Queue[];

  constructor(sql: SqlStorage, client: ClientRecord, upload: readonly Candidate[], stock: StockSettings, now: number) {
    this.#sql = sql;
    this.#client = client;
    this.#cap = stock.capPackages;
    this.#now = now;
    this.#known = knownAmong(
      sql,
      upload.map(({ fingerprints }) => fingerprints),
    );
    this.#registered = new Map(client.signatureKeys.map((key) => [key.scheme, key.publicKey]));
    this.queues = client.queues;
    const queues = new Map(client.queues.map((queue) => [queue.queueId, queue]));
    for (const { queueId, entry } of livePackages(sql, client.clientId)) {
      const queue = queues.get(queueId);
      if (!queue) throw new Error("a chunk without its queue");
      const { ciphersuite, lastResort } = queue;
      const expired = entry.notAfter <= now;
      this.#live.set(entry.ref.toHex(), { queueId, ciphersuite, lastResort, expired });
      if (!lastResort && !expired) this.#take(ciphersuite, 1);
    }
  }

  /** Ends every live package whose reference is not among those wanted. */
  keepOnly(wanted: ReadonlySet<string>): void {
    for (const ref of [...this.#live.keys()]) if (!wanted.has(ref)) this.#end(ref);
  }

  /** Judges a package and takes it into the draft if it is new and fits. */
  add(index: number, candidate: Candidate): PublishCode {
    const refusal = this.#refusalOf(candidate);
    if (refusal) return refusal;
    const { keyPackage, fingerprints } = candidate;
    const queue = this.#queueFor(keyPackage);
    if (!queue) return "too_many_capability_sets";
    const { ciphersuite, lastResort } = keyPackage;
    if (lastResort) this.#endLastResorts(ciphersuite);
    else this.#take(ciphersuite, 1);
    this.#keys.add(fingerprints.initKey).add(fingerprints.encryptionKey);
    const ref = keyPackage.ref.toHex();
    this.#live.set(ref, { queueId: queue.queueId, ciphersuite, lastResort, expired: false });
    this.added.set(ref, { ...candidate, index, queueId: queue.queueId });
    return "stored";
  }

  /** Whether a package of the upload is still in the draft at its end: a later last resort may have taken its place. */
  has(ref: string): boolean {
    return this.#live.has(ref);
  }

  #refusalOf({ keyPackage, fingerprints }: Candidate): PublishCode | undefined {
    const publicKey = this.#registered.get(keyPackage.signatureScheme);
    if (!publicKey || !equalBytes(publicKey, keyPackage.signatureKey)) return "signature_key_mismatch";
    const ref = keyPackage.ref.toHex();
    if (this.#live.has(ref)) return "duplicate";
    // Gone in this very upload: replaced by it, or a last resort that a later one has taken the place of.
    if (this.ended.has(ref) || this.added.has(ref)) return "already_removed";
    const known = this.#known.refs.get(fingerprints.ref);
    if (known) return codeOf(this.#sql, this.#client, known, keyPackage.ref, this.#now);
    // ECDSA signatures can be rewritten without the key, which changes the reference: the keys inside are what counts.
    const isUsed = (key: string) => this.#known.keys.has(key) || this.#keys.has(key);
    if (isUsed(fingerprints.initKey)) return "init_key_reused";
    if (isUsed(fingerprints.encryptionKey)) return "encryption_key_reused";
    const room = this.#room.get(keyPackage.ciphersuite) ?? this.#cap;
    return !keyPackage.lastResort && room <= 0 ? "stock_full" : undefined;
  }

  /** The queue of a package's kind, made if it is the first; undefined if the client has too many that are not empty. */
  #queueFor({ ciphersuite, lastResort, capabilities }: AdmittedKeyPackage): Queue | undefined {
    const existing = this.queues.find(
      (queue) =>
        queue.ciphersuite === ciphersuite &&
        queue.lastResort === lastResort &&
        sameLists(queue.capabilities, capabilities),
    );
    if (existing) return existing;
    if (this.queues.length >= MAX_QUEUES_PER_CLIENT) this.#dropAnEmptyQueue();
    if (this.queues.length >= MAX_QUEUES_PER_CLIENT && !this.#hasRoomBesideExpired()) return undefined;
    const queueId = this.#freeQueueId();
    const { extensions, proposals, credentials } = capabilities;
    const empty = { live: 0, nextExpiry: undefined, use: undefined };
    const queue = { queueId, ciphersuite, lastResort, ...empty, capabilities: { extensions, proposals, credentials } };
    this.queues = [...this.queues, queue];
    return queue;
  }

  /** Whether a queue may be added to those whose packages have all expired: of these there may be as many again. */
  #hasRoomBesideExpired(): boolean {
    const inUse = new Set([...this.#live.values()].flatMap(({ queueId, expired }) => (expired ? [] : [queueId])));
    return inUse.size < MAX_QUEUES_PER_CLIENT && this.queues.length < 2 * MAX_QUEUES_PER_CLIENT;
  }

  /** The lowest number that no queue has: they stay below the bound on queues. */
  #freeQueueId(): number {
    const taken = new Set(this.queues.map(({ queueId }) => queueId));
    for (let queueId = 1; ; queueId++) if (!taken.has(queueId)) return queueId;
  }

  /** An empty queue only tells what was once offered: it never keeps a new kind out. */
  #dropAnEmptyQueue(): void {
    const inUse = new Set([...this.#live.values()].map(({ queueId }) => queueId));
    const empty = this.queues.find(({ queueId, live }) => live === 0 && !inUse.has(queueId));
    this.queues = this.queues.filter((queue) => queue !== empty);
  }

  #endLastResorts(ciphersuite: number): void {
    for (const [ref, one] of [...this.#live]) {
      if (one.lastResort && one.ciphersuite === ciphersuite) this.#end(ref);
    }
  }

  #end(ref: string): void {
    const one = this.#live.get(ref);
    if (!one) return;
    this.#live.delete(ref);
    if (!this.added.has(ref)) this.ended.add(ref);
    if (!one.lastResort && !one.expired) this.#take(one.ciphersuite, -1);
  }

  #take(ciphersuite: number, packages: number): void {
    this.#room.set(ciphersuite, (this.#room.get(ciphersuite) ?? this.#cap) - packages);
  }
}

const sameLists = (a: CapabilityLists, b: CapabilityLists): boolean =>
  sameNumbers(a.extensions, b.extensions) &&
  sameNumbers(a.proposals, b.proposals) &&
  sameNumbers(a.credentials, b.credentials);

const sameNumbers = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, index) => value === b[index]);
