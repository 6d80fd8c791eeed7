/**
 * What a pool should do, said once more and as plainly as possible: lists that are searched from front to back, no
 * tables, no counters, no clockwork. It knows nothing of how the pool is built; budgets are off.
 */
import type { AdmittedKeyPackage } from "../../../../src/contract/admitted-key-package.ts";
import type { CapabilityLists } from "../../../../src/contract/capability-lists.ts";
import type {
  CapabilityRefused,
  ClaimCapability,
  NewClaimCapability,
} from "../../../../src/contract/capability-messages.ts";
import type {
  ClaimAnswer,
  ClaimCriteria,
  ClaimedPackage,
  ClaimStatus,
  ClientClaim,
} from "../../../../src/contract/claim-messages.ts";
import type { JournalEntry } from "../../../../src/contract/journal-messages.ts";
import type { Claimer } from "../../../../src/contract/pool-call.ts";
import type { PublishCode } from "../../../../src/contract/publish-messages.ts";
import type { LocatedPackage } from "../../../../src/contract/route-messages.ts";
import type { RevokeUserAnswer } from "../../../../src/contract/stock-messages.ts";

const DAY_SECONDS = 24 * 3600;
const JOURNAL_SECONDS = 30 * DAY_SECONDS;
const REVOKED_SECONDS = 30 * DAY_SECONDS;
const BACKDATING_SECONDS = 3600;
const CONFIRMATION_SECONDS = 3600;
const FINGERPRINT_MARGIN_SECONDS = 30 * DAY_SECONDS;
const STOCK_CAP = 200;
const STOCK_TARGET = 100;
const LOW_WATERMARK = 50;
/** Misses that an owner is told of: 240 in any hour, half of them at once. */
const MISSED_BURST = 120;
const MISSED_INTERVAL_MS = Math.ceil(3_600_000 / 121);
const LAST_RESORT_ROTATION_SECONDS = 30 * DAY_SECONDS;

type Entry = {
  readonly keyPackage: AdmittedKeyPackage;
  readonly storedAt: number;
  readonly place: number;
  /** Number of the call that brought it: what is known of an upload is forgotten as a whole. */
  readonly upload: number;
  state: "live" | "claimed" | "gone";
  /** Of a last resort. */
  uses: number;
  firstUsedAt: number | undefined;
};

/** What a client offers or once offered: packages that every claim treats alike. */
type Kind = { readonly ciphersuite: number; readonly lastResort: boolean; readonly capabilities: CapabilityLists };

type Client = {
  readonly name: string;
  registeredAt: number;
  revoked: boolean;
  revokedAt: number;
  /** Of the one signature scheme that the histories use. */
  signatureKey: Uint8Array;
  entries: Entry[];
  kinds: Kind[];
  journal: Omit<JournalEntry, "sequence">[];
  missedArrivalMs: number;
};

/** What a claim is asked with, whoever asks. */
type Asked = {
  readonly criteria: ClaimCriteria;
  readonly idempotency: { readonly key: string; readonly body: string } | undefined;
  readonly epoch: number;
};

type Kept = { readonly body: string; readonly answer: ClaimAnswer; readonly expiresAt: number };

export type ExpectedPut = {
  readonly applied: boolean;
  readonly codes: readonly PublishCode[];
  readonly restoreEpoch: number;
};

const kindOf = ({ ciphersuite, lastResort, capabilities }: AdmittedKeyPackage): Kind => ({
  ciphersuite,
  lastResort,
  capabilities,
});
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index]);
const hex = (bytes: Uint8Array): string => bytes.toHex();

export class ReferencePool {
  nowMs: number;
  epoch = 0;
  readonly user: string;
  /** In the order in which they first registered. */
  clients: Client[] = [];
  /** Every package that any history has offered, for offering it again. */
  readonly offered: AdmittedKeyPackage[] = [];
  #exists = false;
  #appliedEpoch = 0;
  #lookedAt = 0;
  #place = 0;
  #upload = 0;
  /** Of the last claim that was written down. */
  #claimId = 0;
  /** Those that are over are among them until something takes them away. */
  #capabilities: ClaimCapability[] = [];
  readonly #replays = new Map<string, Kept>();
  /** When tokens of a client, or without one of all clients, were ended. */
  #ends: { readonly client: string | undefined; readonly at: number }[] = [];

  constructor(user: string, nowMs: number) {
    this.user = user;
    this.nowMs = nowMs;
  }

  get now(): number {
    return Math.floor(this.nowMs / 1000);
  }

  /** The registered client of this name. */
  client(name: string): Client | undefined {
    return this.clients.find((client) => client.name === name && !client.revoked);
  }

  /** What every call does first: the newest restore epoch voids the packages stored or made before it. */
  #takeEpoch(epoch: number): void {
    this.noticeClock();
    if (epoch <= this.#appliedEpoch) return;
    this.#appliedEpoch = epoch;
    for (const entry of this.clients.flatMap((client) => client.entries)) {
      const isBefore = entry.storedAt < epoch || entry.keyPackage.notBefore < epoch - BACKDATING_SECONDS;
      if (entry.state === "live" && isBefore) entry.state = "gone";
    }
    this.#capabilities = this.#capabilities.filter(({ createdAt }) => createdAt >= epoch);
  }

  register(
    name: string,
    signatureKey: Uint8Array,
    tokenIssuedAt?: number,
  ): "created" | "unchanged" | "signature_key_conflict" | "signature_key_in_use" | "token_predates_revocation" {
    this.#exists = true;
    this.#takeEpoch(this.epoch);
    const endedAt = this.tokensEndedAt(name);
    if (endedAt !== undefined && (tokenIssuedAt ?? 0) <= endedAt) return "token_predates_revocation";
    const registered = this.client(name);
    if (registered) return sameBytes(registered.signatureKey, signatureKey) ? "unchanged" : "signature_key_conflict";
    if (this.clients.some((other) => !other.revoked && sameBytes(other.signatureKey, signatureKey))) {
      return "signature_key_in_use";
    }
    const returning = this.clients.find((client) => client.name === name);
    const registeredAt = Math.max(this.now, (returning?.registeredAt ?? 0) + 1);
    const fresh = { registeredAt, revoked: false, revokedAt: 0, signatureKey, missedArrivalMs: 0 };
    if (returning) Object.assign(returning, fresh);
    else this.clients.push({ name, ...fresh, entries: [], kinds: [], journal: [] });
    return "created";
  }

  publish(name: string, mode: "add" | "replace", keyPackages: readonly AdmittedKeyPackage[]): ExpectedPut | undefined {
    this.#takeEpoch(this.epoch);
    const client = this.client(name);
    if (!client) return undefined;
    const before = { entries: client.entries.map((entry) => ({ ...entry })), kinds: [...client.kinds] };
    if (mode === "replace") {
      const wanted = new Set(keyPackages.map(({ ref }) => hex(ref)));
      for (const entry of this.#live(client)) if (!wanted.has(hex(entry.keyPackage.ref))) entry.state = "gone";
    }
    const codes = this.#add(client, keyPackages);
    const applied = mode === "add" || codes.every((code) => code === "stored" || code === "duplicate");
    if (!applied) Object.assign(client, before);
    return { applied, codes, restoreEpoch: this.#appliedEpoch };
  }

  #add(client: Client, keyPackages: readonly AdmittedKeyPackage[]): PublishCode[] {
    const codes: PublishCode[] = [];
    this.#upload += 1;
    for (const [index, keyPackage] of keyPackages.entries()) {
      const refused = this.#refusal(client, keyPackage);
      codes.push(refused ?? "stored");
      if (refused) continue;
      if (keyPackage.lastResort) {
        const older = this.#live(client).filter(
          (entry) => entry.keyPackage.lastResort && entry.keyPackage.ciphersuite === keyPackage.ciphersuite,
        );
        for (const entry of older) {
          entry.state = "gone";
          for (const [earlier, one] of keyPackages.slice(0, index).entries()) {
            const kept = codes[earlier] === "stored" || codes[earlier] === "duplicate";
            if (kept && hex(one.ref) === hex(entry.keyPackage.ref)) codes[earlier] = "last_resort_superseded";
          }
        }
      }
      client.entries.push({
        keyPackage,
        storedAt: this.now,
        place: ++this.#place,
        upload: this.#upload,
        state: "live",
        uses: 0,
        firstUsedAt: undefined,
      });
      if (!client.kinds.some((kind) => same(kind, kindOf(keyPackage)))) client.kinds.push(kindOf(keyPackage));
    }
    return codes;
  }

  #refusal(client: Client, keyPackage: AdmittedKeyPackage): PublishCode | undefined {
    if (keyPackage.notBefore < this.#appliedEpoch - BACKDATING_SECONDS) return "before_restore_epoch";
    if (!sameBytes(client.signatureKey, keyPackage.signatureKey)) return "signature_key_mismatch";
    // Unique for the user: whichever client brought it, whether it is still there or not, and in whichever place.
    const all = this.clients.flatMap((owner) => owner.entries.map((entry) => ({ owner, entry })));
    const known = all.find(({ entry }) => sameBytes(entry.keyPackage.ref, keyPackage.ref));
    if (known?.entry.state === "live") return known.owner === client ? "duplicate" : "init_key_reused";
    if (known?.entry.state === "claimed" && known.entry.keyPackage.notAfter > this.now) return "already_claimed";
    if (known) return "already_removed";
    const isUsed = (key: Uint8Array) =>
      all.some(
        ({ entry: { keyPackage: other } }) => sameBytes(other.initKey, key) || sameBytes(other.encryptionKey, key),
      );
    if (isUsed(keyPackage.initKey)) return "init_key_reused";
    if (isUsed(keyPackage.encryptionKey)) return "encryption_key_reused";
    if (!keyPackage.lastResort && this.#usable(client, keyPackage.ciphersuite, false).length >= STOCK_CAP) {
      return "stock_full";
    }
    return undefined;
  }

  #live(client: Client): Entry[] {
    return client.entries.filter((entry) => entry.state === "live");
  }

  #usable(client: Client, ciphersuite: number, lastResort: boolean): Entry[] {
    return this.#live(client).filter(
      ({ keyPackage }) =>
        keyPackage.ciphersuite === ciphersuite &&
        keyPackage.lastResort === lastResort &&
        keyPackage.notAfter > this.now,
    );
  }

  /** How many packages a removal took; undefined for a client that is not registered. */
  remove(name: string, refs: readonly Uint8Array[] | "all"): number | undefined {
    this.#takeEpoch(this.epoch);
    const client = this.client(name);
    if (!client) return undefined;
    const named = refs === "all" ? undefined : new Set(refs.map(hex));
    const removed = this.#live(client).filter(({ keyPackage }) => named?.has(hex(keyPackage.ref)) ?? true);
    for (const entry of removed) entry.state = "gone";
    return removed.length;
  }

  /** Until when tokens of the client, or of all of them, were ended. */
  tokensEndedAt(name: string): number | undefined {
    const times = this.#ends.filter(({ client }) => client === undefined || client === name).map(({ at }) => at);
    return times.length > 0 ? Math.max(...times) : undefined;
  }

  #endTokens(client: string | undefined): void {
    this.#ends = [...this.#ends.filter(({ at }) => at > this.now - REVOKED_SECONDS), { client, at: this.now }];
  }

  /** Ends a client for somebody else; undefined for one that the pool does not know. */
  end(name: string): number | undefined {
    this.#takeEpoch(this.epoch);
    if (!this.clients.some((client) => client.name === name)) return undefined;
    this.#endTokens(name);
    return this.revoke(name) ?? 0;
  }

  endAll(): Pick<RevokeUserAnswer, "at" | "ended"> {
    this.#takeEpoch(this.epoch);
    this.#endTokens(undefined);
    const registered = this.clients.filter(({ revoked }) => !revoked);
    const ended = registered.map(({ name, registeredAt }) => {
      return { client: name, registeredAt, purged: this.revoke(name) ?? 0 };
    });
    return { at: this.now, ended };
  }

  revoke(name: string): number | undefined {
    const purged = this.remove(name, "all");
    const client = this.client(name);
    if (client) {
      Object.assign(client, { revoked: true, revokedAt: this.now });
      this.#capabilities = this.#capabilities.filter((one) => one.client !== name);
    }
    return purged;
  }

  /** Those in force, by name; undefined for a client that is not registered. */
  capabilitiesFor(name: string): readonly ClaimCapability[] | undefined {
    this.#takeEpoch(this.epoch);
    return this.client(name) && this.#capabilitiesInForce();
  }

  #capabilitiesInForce(): readonly ClaimCapability[] {
    return this.#capabilities
      .filter(({ expiresAt }) => expiresAt === undefined || expiresAt > this.now)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The capability that is there then; undefined for a client that is not registered. */
  createCapability(
    wanted: NewClaimCapability,
  ): { readonly outcome: "created" | "unchanged"; readonly capability: ClaimCapability } | "exists" | undefined {
    this.#takeEpoch(this.epoch);
    if (!this.client(wanted.client)) return undefined;
    const inForce = this.#capabilitiesInForce();
    const clash = inForce.find(
      ({ name, secretHash }) => name === wanted.name || sameBytes(secretHash, wanted.secretHash),
    );
    if (clash) {
      const { name, secretHash, expiresAt, maxClaims } = clash;
      const isSame =
        name === wanted.name &&
        sameBytes(secretHash, wanted.secretHash) &&
        expiresAt === wanted.expiresAt &&
        maxClaims === wanted.maxClaims;
      return isSame ? { outcome: "unchanged", capability: clash } : "exists";
    }
    const capability = { ...wanted, createdAt: this.now, claims: 0 };
    this.#capabilities = [...inForce, capability];
    return { outcome: "created", capability };
  }

  /** Whether there was one in force; undefined for a client that is not registered. */
  revokeCapability(client: string, name: string): boolean | undefined {
    const existed = this.capabilitiesFor(client)?.some((one) => one.name === name);
    if (existed !== undefined) this.#capabilities = this.#capabilities.filter((one) => one.name !== name);
    return existed;
  }

  /** The packages that have not ended, live or gone, of any client that the pool remembers. */
  locate(refs: readonly Uint8Array[]): readonly LocatedPackage[] {
    this.#takeEpoch(this.epoch);
    return refs.flatMap((ref) =>
      this.clients.flatMap(({ name, entries }) =>
        entries
          .filter(({ keyPackage }) => sameBytes(keyPackage.ref, ref) && keyPackage.notAfter > this.now)
          .map(({ keyPackage: { notAfter } }) => ({ ref, client: name, notAfter })),
      ),
    );
  }

  /** A claim by whoever holds the secret with this hash. */
  claimWithCapability(secretHash: Uint8Array, asked: Asked): ClaimAnswer | CapabilityRefused {
    const opened = () => this.#capabilitiesInForce().find((one) => sameBytes(one.secretHash, secretHash));
    // One that the pool does not know makes it do nothing.
    if (!opened()) return { outcome: "capability_refused" };
    this.#takeEpoch(asked.epoch);
    const capability = opened();
    if (!capability) return { outcome: "capability_refused" };
    const { name, maxClaims, claims } = capability;
    const isUsedUp = maxClaims !== undefined && claims >= maxClaims;
    const answer = this.#claim({ ...asked, claimer: { capability: name, secretHash } }, isUsedUp);
    const hasGiven = answer.outcome === "answered" && !answer.replayed && answer.status !== "none";
    if (maxClaims !== undefined && hasGiven) {
      const counted = { ...capability, claims: claims + 1 };
      this.#capabilities = this.#capabilities.map((one) => (one.name === name ? counted : one));
    }
    return answer;
  }

  claim(call: Asked & { readonly claimer: Claimer }): ClaimAnswer {
    if (!this.#exists) return { outcome: "unknown_user" };
    this.#takeEpoch(call.epoch);
    return this.#claim(call);
  }

  #claim(call: Asked & { readonly claimer: Claimer }): ClaimAnswer;
  #claim(call: Asked & { readonly claimer: Claimer }, isUsedUp: boolean): ClaimAnswer | CapabilityRefused;
  #claim(call: Asked & { readonly claimer: Claimer }, isUsedUp = false): ClaimAnswer | CapabilityRefused {
    const holder = "user" in call.claimer ? call.claimer : hex(call.claimer.secretHash);
    const name = JSON.stringify([holder, call.idempotency?.key]);
    const kept = call.idempotency && this.#replays.get(name);
    if (kept && kept.expiresAt > this.now) {
      if (kept.body !== call.idempotency?.body) return { outcome: "idempotency_key_reused" };
      return { ...kept.answer, replayed: true } as ClaimAnswer;
    }
    if (isUsedUp) return { outcome: "capability_refused" };
    const entriesBefore = this.#journaled();
    const clients = this.clients
      .filter((client) => !client.revoked)
      .map((client) => this.#claimOf(client, call.claimer, call.criteria));
    const status = summary(clients);
    const at = this.now;
    const isWritten = this.#journaled() > entriesBefore;
    if (isWritten) this.#claimId = Math.max(this.nowMs, this.#claimId + 1);
    const claimId = isWritten ? this.#claimId : undefined;
    const answer: ClaimAnswer = { outcome: "answered", status, clients, replayed: false, at, claimId };
    if (call.idempotency && status !== "none") {
      this.#replays.set(name, { body: call.idempotency.body, answer, expiresAt: this.now + DAY_SECONDS });
    }
    return answer;
  }

  #journaled(): number {
    return this.clients.reduce((sum, { journal }) => sum + journal.length, 0);
  }

  #claimOf(client: Client, by: Claimer, criteria: ClaimCriteria): ClientClaim {
    const own = "user" in by && by.user === this.user && by.client === client.name;
    if (own || criteria.excludeClients.includes(client.name)) return { client: client.name, status: "excluded" };
    const at = this.now;
    const who =
      "user" in by ? { claimer: by, capability: undefined } : { claimer: undefined, capability: by.capability };
    const groups = criteria.bundle ?? [criteria.ciphersuites];
    const chosen = this.#choose(client, groups, criteria);
    if (!chosen) {
      const could = groups.every((group) =>
        client.kinds.some((kind) => group.includes(kind.ciphersuite) && able(kind, criteria)),
      );
      const status = client.kinds.length === 0 || could ? "exhausted" : "incompatible";
      if (client.missedArrivalMs - this.nowMs <= (MISSED_BURST - 1) * MISSED_INTERVAL_MS) {
        client.missedArrivalMs = Math.max(client.missedArrivalMs, this.nowMs) + MISSED_INTERVAL_MS;
        const nothing = { ciphersuite: undefined, keyPackageRef: undefined };
        client.journal.push({ client: client.name, at, event: "missed", ...nothing, ...who, reason: status });
      }
      return { client: client.name, status };
    }
    const status = chosen.some(({ keyPackage }) => keyPackage.lastResort) ? "last_resort" : "claimed";
    const [first, ...others] = chosen.map((entry): ClaimedPackage => {
      const { ciphersuite, ref, bytes, notAfter } = entry.keyPackage;
      if (status === "claimed") entry.state = "claimed";
      entry.uses += 1;
      entry.firstUsedAt ??= at;
      const given = { ciphersuite, keyPackageRef: ref, reason: undefined };
      client.journal.push({ client: client.name, at, event: status, ...given, ...who });
      return { keyPackage: bytes, keyPackageRef: ref, ciphersuite, notAfter, registeredAt: client.registeredAt };
    });
    if (!first) throw new Error("a claim asks for a group");
    return { client: client.name, status, package: first, ...(others.length > 0 ? { others } : {}) };
  }

  /** Of each group one, or nothing. One-time before last resorts, then the preferred suite, then the oldest. */
  #choose(client: Client, groups: readonly (readonly number[])[], criteria: ClaimCriteria): Entry[] | undefined {
    for (const lastResort of criteria.allowLastResort ? [false, true] : [false]) {
      const chosen = groups.flatMap((group) => this.#chooseOne(client, group, lastResort, criteria) ?? []);
      if (chosen.length === groups.length) return chosen;
    }
    return undefined;
  }

  #chooseOne(
    client: Client,
    ciphersuites: readonly number[],
    lastResort: boolean,
    criteria: ClaimCriteria,
  ): Entry | undefined {
    const until = this.now + criteria.minRemainingLifetimeSeconds;
    for (const ciphersuite of ciphersuites) {
      const fitting = this.#usable(client, ciphersuite, lastResort)
        .filter(({ keyPackage }) => keyPackage.notAfter >= until && able(keyPackage, criteria))
        .sort((a, b) => a.place - b.place);
      if (fitting[0]) return fitting[0];
    }
    return undefined;
  }

  /** A look at a clock that was ahead counts no more once the clock is right. */
  noticeClock(): void {
    if (this.#lookedAt > this.now + CONFIRMATION_SECONDS) this.#lookedAt = this.now;
  }

  /**
   * The later work: what had ended when it last looked is forgotten, with the clients of which nothing is left. It looks
   * at the clock at most once an hour.
   */
  alarm(): void {
    this.noticeClock();
    if (this.now < this.#lookedAt + CONFIRMATION_SECONDS) this.#forget(0);
    else {
      this.#forget(this.#lookedAt);
      this.#lookedAt = this.now;
    }
  }

  #forget(ended: number): void {
    const forgotten = Math.min(ended, this.now - FINGERPRINT_MARGIN_SECONDS);
    for (const client of this.clients) {
      for (const entry of this.#live(client)) if (entry.keyPackage.notAfter <= ended) entry.state = "gone";
      const { entries } = client;
      const endOf = (upload: number) =>
        Math.max(...entries.filter((one) => one.upload === upload).map(({ keyPackage }) => keyPackage.notAfter));
      client.entries = entries.filter(({ upload }) => endOf(upload) > forgotten);
      client.journal = client.journal.filter(({ at }) => at >= ended - JOURNAL_SECONDS);
      client.kinds = client.kinds.filter(
        (kind, index) =>
          this.#live(client).some(({ keyPackage }) => same(kindOf(keyPackage), kind)) ||
          !client.kinds
            .slice(index + 1)
            .some((newer) => newer.ciphersuite === kind.ciphersuite && newer.lastResort === kind.lastResort),
      );
    }
    this.clients = this.clients.filter(
      ({ revoked, revokedAt, entries, journal }) =>
        !revoked || entries.length > 0 || journal.length > 0 || ended < revokedAt + REVOKED_SECONDS,
    );
  }

  inventory(client: Client) {
    const suites = [...new Set(client.kinds.map((kind) => kind.ciphersuite))].sort((a, b) => a - b);
    return suites.map((ciphersuite) => {
      const oneTime = this.#usable(client, ciphersuite, false);
      const lastResorts = this.#usable(client, ciphersuite, true);
      const [lastResort] = lastResorts;
      const expiries = [...oneTime, ...lastResorts].map(({ keyPackage }) => keyPackage.notAfter);
      return {
        ciphersuite,
        available: oneTime.length,
        lastResort: lastResort && {
          storedAt: lastResort.storedAt,
          firstUsedAt: lastResort.firstUsedAt,
          uses: lastResort.uses,
          needsRotation: lastResort.uses > 0 || this.now - lastResort.storedAt >= LAST_RESORT_ROTATION_SECONDS,
        },
        nextExpiry: expiries.length > 0 ? Math.min(...expiries) : undefined,
        target: STOCK_TARGET,
        lowWatermark: LOW_WATERMARK,
        needsUpload: oneTime.length < LOW_WATERMARK || !lastResort,
      };
    });
  }

  /** All that is kept of capabilities, by name. */
  get capabilities(): readonly ClaimCapability[] {
    return [...this.#capabilities].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** References of a client's usable packages, in hex and sorted. */
  liveRefs(client: Client): string[] {
    return this.#live(client)
      .filter(({ keyPackage }) => keyPackage.notAfter > this.now)
      .map(({ keyPackage }) => hex(keyPackage.ref))
      .sort();
  }

  /** What the owner may read: entries beyond the retention are hidden before they are swept. */
  journal(client: Client): Omit<JournalEntry, "sequence">[] {
    return client.journal.filter(({ at }) => at >= this.now - JOURNAL_SECONDS);
  }
}

/** RFC 9420 §11.1, default extension and proposal types understood (§7.2). */
function able({ capabilities }: { readonly capabilities: CapabilityLists }, criteria: ClaimCriteria): boolean {
  const { extensions, proposals, credentials } = criteria.requiredCapabilities;
  return (
    extensions.every((type) => type <= 5 || capabilities.extensions.includes(type)) &&
    proposals.every((type) => type <= 7 || capabilities.proposals.includes(type)) &&
    credentials.every((type) => capabilities.credentials.includes(type))
  );
}

function summary(clients: readonly ClientClaim[]): ClaimStatus {
  const asked = clients.filter(({ status }) => status !== "excluded");
  const given = asked.filter((claim) => "package" in claim);
  if (given.length === 0) return "none";
  return given.length === asked.length ? "ok" : "partial";
}
