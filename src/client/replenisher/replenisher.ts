/**
 * Keeps a client's stock full. Each step can be the last one before a crash: private keys are stored before their package
 * is sent, what was sent without an answer is found again by comparing with the directory, and nothing is deleted that a
 * Welcome may still need.
 */
import { KeyPackageIn } from "../../mls/index.ts";
import type { Inventory, MissingPackage, Policy, PublishResult } from "../api-types.ts";
import { DirectoryError, localError, orFail, unwrapped } from "../directory-error.ts";
import type { CallOptions, KeyPackageDirectory } from "../key-package-directory.ts";
import { throwIfAborted } from "../platform.ts";
import { toBase64Url } from "../portable-base64url.ts";
import type { RegistrationKey } from "../registration-body.ts";
import { type HeldPackage, HeldPackages, type HeldState, type NewPackage } from "./held-packages.ts";
import type { Maker, WantedPackage } from "./maker.ts";
import {
  DEFAULT_STOCK,
  lifetimeFrom,
  mayDeleteAt,
  type Order,
  planRun,
  type Rotation,
  type StockSettings,
} from "./plan.ts";

/** What a run has just done, for a progress bar and a log. No event holds key material. */
export type ReplenisherEvent =
  | { readonly kind: "registered" }
  /** Another installation of this client, whose keys are lost, was replaced. */
  | { readonly kind: "taken_over" }
  | { readonly kind: "signature_key_rotated" }
  | { readonly kind: "clock_off"; readonly seconds: number }
  | { readonly kind: "suite_not_accepted"; readonly ciphersuite: number }
  /** The directory had packages whose private keys are not here, and removed them. */
  | { readonly kind: "pruned"; readonly count: number }
  | ({ readonly kind: "last_resort_due" } & Rotation)
  | { readonly kind: "made"; readonly done: number; readonly total: number }
  | { readonly kind: "uploaded"; readonly refs: readonly string[] }
  | { readonly kind: "refused"; readonly ref: string; readonly code: PublishResult["code"]; readonly detail: string }
  /** The private keys of these are deleted. */
  | { readonly kind: "deleted"; readonly refs: readonly string[]; readonly reason: "used" | "expired" | "refused" };

export type ReplenisherOptions = Partial<StockSettings> & {
  readonly directory: KeyPackageDirectory;
  readonly maker: Maker;
  /** How many packages are made between two breaths of the platform. */
  readonly sliceSize?: number;
  /**
   * Whether this installation may end the registration of another one under the same client, whose keys are lost: true
   * after a reinstall. Two devices that are set up as one client by mistake would end each other's.
   */
  readonly takeOver?: boolean;
  readonly onEvent?: (event: ReplenisherEvent) => void;
};

export type RunReport = {
  readonly made: number;
  readonly uploaded: number;
  readonly refused: number;
  readonly pruned: number;
  readonly deleted: number;
  readonly inventory: Inventory;
};

/** A package that a Welcome is addressed to. */
export type WelcomedPackage = {
  readonly ref: string;
  readonly ciphersuite: number;
  readonly lastResort: boolean;
  readonly keyPackage: Uint8Array;
  /** As the maker gave them. */
  readonly privateKeys: Uint8Array;
};

export type WelcomeOutcome<T> =
  | {
      readonly found: true;
      readonly ref: string;
      readonly joined: T;
      readonly lastResort: boolean;
      /** Whether the private keys are deleted now: a one-time package has no other use. */
      readonly deleted: boolean;
      /** Unix seconds: when the next run may delete them. */
      readonly mayDeleteAt: number;
    }
  /** The Welcome is for another device, or its keys are gone. */
  | { readonly found: false };

/** When the private keys of a package may be deleted. */
export type Retention = Pick<HeldPackage, "ref" | "ciphersuite" | "lastResort" | "state" | "used"> & {
  readonly mayDeleteAt: number;
};

const SLICE_SIZE = 5;
/** A reading of the directory's clock that is off by less than this is not worth an event. */
const CLOCK_OFF_SECONDS = 60;
const REFS_PER_REMOVE = 1_000;
/** Implementations that take a duration count it from their own clock, which may go on in between. */
const NOT_AFTER_TOLERANCE_SECONDS = 60;
/** `{"key_packages":[]}`, and some. */
const BODY_FRAME_BYTES = 64;

/** The name under which the runs of a client take turns. */
const LOCK = "replenish";

type Registered = { readonly keys: Readonly<Record<string, string>> };

/** What a run leaves for the next: which keys it registered, and that it has not filled up yet. */
type Note = "registration" | "unfinished";

type Counts = { made: number; uploaded: number; refused: number; pruned: number; deleted: number };

export class Replenisher {
  readonly directory: KeyPackageDirectory;
  readonly maker: Maker;
  readonly held: HeldPackages;
  readonly settings: StockSettings;
  readonly #sliceSize: number;
  readonly #takeOver: boolean;
  readonly #tell: (event: ReplenisherEvent) => void;

  constructor({ directory, maker, sliceSize, takeOver, onEvent, ...stock }: ReplenisherOptions) {
    this.directory = directory;
    this.maker = maker;
    this.held = new HeldPackages(directory.store);
    this.settings = { ...DEFAULT_STOCK, ...stock };
    this.#sliceSize = sliceSize ?? SLICE_SIZE;
    this.#takeOver = takeOver ?? false;
    this.#tell = onEvent ?? (() => {});
  }

  /**
   * One run: registers, compares, and fills up what is low. Call it at the start of the app, when the network is back,
   * after a Welcome, and some times a day. Throws a DirectoryError when it could not end; the next run goes on.
   */
  replenish({ signal }: CallOptions = {}): Promise<RunReport> {
    return this.directory.inTurn(LOCK, signal, () => this.#run(signal));
  }

  /**
   * Finds the package that a Welcome is addressed to, by the references in it (`welcomeRefs`), and lets the
   * application join with its private keys. When `join` has resolved, with the group stored, the private keys of a
   * one-time package are deleted; a last resort is replaced by the next run.
   */
  async onWelcome<T>(
    refs: readonly (Uint8Array | string)[],
    join: (welcomed: WelcomedPackage) => Promise<T>,
  ): Promise<WelcomeOutcome<T>> {
    for (const ref of refs.map((one) => (typeof one === "string" ? one : toBase64Url(one)))) {
      const opened = await this.held.open(ref);
      if (!opened) continue;
      const { bytes: keyPackage, privateKeys, ciphersuite, lastResort, notAfter } = opened;
      const joined = await join({ ref, ciphersuite, lastResort, keyPackage, privateKeys });
      const now = this.directory.now();
      const deleted = !lastResort;
      if (deleted) await this.#delete([ref], "used");
      else await this.held.markUsed(ref, now);
      const at = deleted ? now : notAfter + this.settings.welcomeGraceSeconds;
      return { found: true, ref, joined, lastResort, deleted, mayDeleteAt: at };
    }
    return { found: false };
  }

  /** Every package whose private keys are stored, and when they may be deleted; a run deletes them then. */
  async retention(): Promise<readonly Retention[]> {
    return (await this.held.list()).map((held) => {
      const { ref, ciphersuite, lastResort, state, used } = held;
      return { ref, ciphersuite, lastResort, state, used, mayDeleteAt: mayDeleteAt(held, this.settings) };
    });
  }

  /** Ends the registration. Private keys stay until no Welcome can be expected; the next run registers anew. */
  revoke({ signal }: CallOptions = {}): Promise<void> {
    return this.directory.inTurn(LOCK, signal, async () => {
      try {
        await this.directory.revoke({ signal });
      } catch (error) {
        if (!isRefusal(error, "client_not_registered")) throw error;
      }
      await this.#allGone();
      await this.#note("registration", undefined);
    });
  }

  async #run(signal: AbortSignal | undefined): Promise<RunReport> {
    const counts: Counts = { made: 0, uploaded: 0, refused: 0, pruned: 0, deleted: 0 };
    const policy = await this.directory.policy({ signal });
    this.#noteClock();
    const keys = await orFail("maker_failed", "the maker gave no signature keys", () => this.maker.signatureKeys());
    await this.#ensureRegistered(keys, signal);
    await this.#deleteExpired(counts);
    let inventory = await this.#compare(counts, signal);
    const held = await this.held.list();
    const now = this.directory.now();
    const { ciphersuites } = this.maker;
    const isUnfinished = (await this.directory.store.get("unfinished")) !== undefined;
    const plan = planRun({ now, ciphersuites, policy, inventory, held, settings: this.settings, isUnfinished });
    for (const ciphersuite of plan.refusedSuites) this.#tell({ kind: "suite_not_accepted", ciphersuite });
    for (const rotation of plan.rotations) this.#tell({ kind: "last_resort_due", ...rotation });

    // Noted, because what is stored when a run is cut short may be above the low watermark.
    if (plan.make.length > 0 && !isUnfinished) await this.#note("unfinished", "true");
    let toSend: readonly HeldPackage[] = plan.upload;
    let orders = plan.make;
    while (toSend.length > 0 || orders.length > 0) {
      const room = Math.max(0, policy.limits.key_packages_per_request - toSend.length);
      const made = await this.#make(orders.slice(0, room), { policy, keys, counts, total: plan.make.length }, signal);
      orders = orders.slice(room);
      const waiting = [...toSend, ...made];
      const fitting = countThatFits(waiting, policy.limits);
      toSend = waiting.slice(fitting);
      const answer = await this.#upload(waiting.slice(0, fitting), counts, signal);
      inventory = answer.inventory;
      // What is refused now is refused again: making more would only cost battery.
      if (answer.allRefused) break;
    }
    if (plan.make.length > 0 || isUnfinished) await this.#note("unfinished", undefined);
    return { ...counts, inventory };
  }

  #noteClock(): void {
    const seconds = this.directory.now() - Math.floor(this.directory.platform.now() / 1000);
    if (Math.abs(seconds) >= CLOCK_OFF_SECONDS) this.#tell({ kind: "clock_off", seconds });
  }

  // ---- registration -------------------------------------------------------------------------------

  async #ensureRegistered(keys: readonly RegistrationKey[], signal: AbortSignal | undefined): Promise<void> {
    const wanted = keysByScheme(keys);
    const registered = await this.directory.store.getJson<Registered>("registration");
    if (registered && sameKeys(registered.keys, wanted)) return this.#expectOurKeys(wanted, signal);
    try {
      await this.directory.register(keys, { signal });
    } catch (error) {
      if (!isRefusal(error, "signature_key_conflict")) throw error;
      await this.#replaceRegistration(registered, keys, error, signal);
    }
    const note: Registered = { keys: wanted };
    await this.#note("registration", JSON.stringify(note));
    this.#tell({ kind: "registered" });
  }

  /** Another installation may have taken this client over since. Comparing would prune what is that one's. */
  async #expectOurKeys(wanted: Registered["keys"], signal: AbortSignal | undefined): Promise<void> {
    const { signature_keys: current } = await this.directory.getClient({ signal });
    if (Object.entries(wanted).every(([scheme, key]) => current[scheme as keyof typeof current] === key)) return;
    const detail = "another installation has registered this client with another signature key since";
    throw new DirectoryError({ code: "signature_key_conflict", detail, status: 409 });
  }

  /** A scheme keeps its key, so that a registration with another one must be ended first, if it is this client's own. */
  async #replaceRegistration(
    registered: Registered | undefined,
    keys: readonly RegistrationKey[],
    conflict: DirectoryError,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { signature_keys: current } = await this.directory.getClient({ signal });
    const isOurs = registered !== undefined && sameKeys(current, registered.keys);
    if (!isOurs && !this.#takeOver) {
      const detail =
        "another installation registered this client with another signature key; after a reinstall, set takeOver";
      const { code, status, requestId, problem } = conflict;
      throw new DirectoryError({ code, status, detail, requestId, problem, cause: conflict });
    }
    await this.directory.revoke({ signal });
    await this.#allGone();
    await this.directory.register(keys, { signal });
    this.#tell({ kind: isOurs ? "signature_key_rotated" : "taken_over" });
  }

  async #allGone(): Promise<void> {
    const ours = (await this.held.list()).filter(({ state }) => state !== "gone");
    const states = refsOf(ours).map((ref) => [ref, "gone"] as const);
    await this.held.settle(new Map(states), [], this.directory.now());
  }

  /** Undefined: there is nothing to know. */
  #note(name: Note, value: string | undefined): Promise<void> {
    return this.directory.store.write([[name, value]]);
  }

  // ---- comparing ----------------------------------------------------------------------------------

  async #deleteExpired(counts: Counts): Promise<void> {
    const now = this.directory.now();
    const expired = (await this.held.list()).filter((held) => mayDeleteAt(held, this.settings) <= now);
    counts.deleted += expired.length;
    await this.#delete(refsOf(expired), "expired");
  }

  async #delete(refs: readonly string[], reason: "used" | "expired"): Promise<void> {
    if (refs.length === 0) return;
    await this.held.settle(new Map(), refs, this.directory.now());
    this.#tell({ kind: "deleted", refs, reason });
  }

  /**
   * Brings both sides together: the directory removes what has no private keys here, and what was sent without an answer
   * is known as offered. What the directory does not have any more is gone: claimed, for the most part.
   */
  async #compare(counts: Counts, signal: AbortSignal | undefined): Promise<Inventory> {
    const now = this.directory.now();
    const live = (await this.held.list()).filter(({ state, notAfter }) => state !== "gone" && notAfter > now);
    const refs = refsOf(live);
    const { server_refs, missing_at_server, pruned, ...found } = await this.directory.reconcile(refs, {
      prune: true,
      signal,
    });
    let { inventory } = found;
    const endedThere = new Set(missing_at_server.filter(isEnded).map(({ key_package_ref }) => key_package_ref));
    const atServer = new Set(server_refs);
    const ours = new Set(refs);
    const foreign = server_refs.filter((ref) => !ours.has(ref));
    for (let at = 0; at < foreign.length; at += REFS_PER_REMOVE) {
      ({ inventory } = await this.directory.remove(foreign.slice(at, at + REFS_PER_REMOVE), { signal }));
    }
    const states = new Map<string, HeldState>();
    for (const { ref, state } of live) {
      if (state === "offered" && !atServer.has(ref)) states.set(ref, "gone");
      if (state === "made" && atServer.has(ref)) states.set(ref, "offered");
      // Its upload was never answered, and it was in stock since.
      if (state === "made" && endedThere.has(ref)) states.set(ref, "gone");
    }
    await this.held.settle(states, [], now);
    const removed = pruned + foreign.length;
    counts.pruned += removed;
    if (removed > 0) this.#tell({ kind: "pruned", count: removed });
    return inventory;
  }

  // ---- making and sending -------------------------------------------------------------------------

  /** Makes packages in slices, each stored with its private keys before the next is begun. */
  async #make(
    orders: readonly Order[],
    {
      policy,
      keys,
      counts,
      total,
    }: { policy: Policy; keys: readonly RegistrationKey[]; counts: Counts; total: number },
    signal: AbortSignal | undefined,
  ): Promise<readonly HeldPackage[]> {
    const stored: HeldPackage[] = [];
    for (let at = 0; at < orders.length; at += this.#sliceSize) {
      throwIfAborted(signal);
      const madeAt = this.directory.now();
      const lifetime = lifetimeFrom(madeAt, this.settings, policy.lifetime);
      const slice: NewPackage[] = [];
      for (const order of orders.slice(at, at + this.#sliceSize)) {
        slice.push(await this.#makeOne({ ...order, ...lifetime }, keys, madeAt));
      }
      await this.held.add(slice);
      for (const { privateKeys: _, keyPackage, ...made } of slice) {
        const bytes = toBase64Url(keyPackage);
        stored.push({ ...made, keyPackage: bytes, state: "made", since: madeAt, used: false });
      }
      counts.made += slice.length;
      this.#tell({ kind: "made", done: counts.made, total });
      await this.directory.platform.breathe();
    }
    return stored;
  }

  #makeOne(wanted: WantedPackage, keys: readonly RegistrationKey[], madeAt: number): Promise<NewPackage> {
    const { ciphersuite, lastResort, notAfter } = wanted;
    return orFail("maker_failed", `a package of suite ${ciphersuite} could not be made`, async () => {
      const { keyPackage, privateKeys } = await this.maker.make(wanted);
      const made = unwrapped(unwrapped(KeyPackageIn.fromBytes(keyPackage, this.directory.profile)).intoUnchecked());
      expectSame("suite", ciphersuite, made.ciphersuite());
      expectSame("last resort", lastResort, made.lastResort());
      const madeNotAfter = Number(made.lifeTime().notAfter);
      if (Math.abs(madeNotAfter - notAfter) > NOT_AFTER_TOLERANCE_SECONDS) {
        expectSame("not_after", notAfter, madeNotAfter);
      }
      const signatureKey = toBase64Url(made.leafNode().signatureKey().asSlice());
      if (!Object.values(keysByScheme(keys)).includes(signatureKey)) {
        throw new Error("expected one of the maker's signature keys, got another");
      }
      const ref = toBase64Url((await made.hashRef(this.directory.crypto)).asSlice());
      return { ref, ciphersuite, lastResort, notAfter: madeNotAfter, madeAt, keyPackage, privateKeys };
    });
  }

  /** Sends stored packages, and none whose private keys storage does not give back. */
  async #upload(
    batch: readonly HeldPackage[],
    counts: Counts,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly inventory: Inventory; readonly allRefused: boolean }> {
    const bytes: Uint8Array[] = [];
    for (const { ref } of batch) {
      const stored = await this.held.open(ref);
      if (!stored) {
        const lost = "storage does not give back private keys that it had stored, so nothing was uploaded";
        throw localError("storage_failed", lost);
      }
      bytes.push(stored.bytes);
    }
    const { results, inventory } = await this.directory.publish(bytes, { signal });
    const states = new Map<string, HeldState>();
    const refused: string[] = [];
    for (const { index, code, detail = "" } of results) {
      const held = batch[index];
      if (!held) continue;
      const state = STATE_AFTER[code];
      if (state === undefined) {
        refused.push(held.ref);
        this.#tell({ kind: "refused", ref: held.ref, code, detail });
      } else states.set(held.ref, state);
    }
    await this.#retireLastResorts(batch, states);
    // Never offered to anybody: their keys open nothing.
    await this.held.settle(states, refused, this.directory.now());
    const uploaded = [...states].flatMap(([ref, state]) => (state === "offered" ? [ref] : []));
    counts.uploaded += uploaded.length;
    counts.refused += refused.length;
    if (uploaded.length > 0) this.#tell({ kind: "uploaded", refs: uploaded });
    if (refused.length > 0) this.#tell({ kind: "deleted", refs: refused, reason: "refused" });
    return { inventory, allRefused: uploaded.length === 0 };
  }

  /** The directory has one last resort of each suite: the latest. */
  async #retireLastResorts(batch: readonly HeldPackage[], states: Map<string, HeldState>): Promise<void> {
    const fresh = batch.filter(({ ref, lastResort }) => lastResort && states.get(ref) === "offered");
    if (fresh.length === 0) return;
    for (const { ref, ciphersuite, lastResort, state } of await this.held.list()) {
      const isReplaced = fresh.some((one) => one.ciphersuite === ciphersuite && one.ref !== ref);
      if (lastResort && state === "offered" && isReplaced) states.set(ref, "gone");
    }
  }
}

/**
 * Whether a package was at the directory once and is not offered again. Of one that the directory does not know, the
 * upload decides: it takes what was made after a restore.
 */
const isEnded = ({ reason }: MissingPackage): boolean => reason === "claimed" || reason === "removed";

/**
 * What becomes of a package by the directory's answer. A code that is not here is a refusal: the directory never had the
 * package. One that has expired, or was
 * made before a restore, may have been claimed.
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

/** How many of these one request takes; at least one, of which the directory says itself that it is too large. */
function countThatFits(packages: readonly HeldPackage[], limits: Policy["limits"]): number {
  let bytes = BODY_FRAME_BYTES;
  let count = 0;
  for (const { keyPackage } of packages.slice(0, limits.key_packages_per_request)) {
    bytes += keyPackage.length + 3;
    if (bytes > limits.body_bytes) break;
    count++;
  }
  return Math.max(1, count);
}

function expectSame<T extends number | boolean>(what: string, expected: T, got: T): void {
  if (got !== expected) throw new Error(`expected ${what} ${expected}, got ${got}`);
}

const refsOf = (packages: readonly HeldPackage[]): readonly string[] => packages.map(({ ref }) => ref);

const keysByScheme = (keys: readonly RegistrationKey[]): Record<string, string> =>
  Object.fromEntries(keys.map(({ scheme, publicKey }) => [scheme, toBase64Url(publicKey)]));

const sameKeys = (
  a: Readonly<Record<string, string | undefined>>,
  b: Readonly<Record<string, string | undefined>>,
): boolean => [...new Set([...Object.keys(a), ...Object.keys(b)])].every((scheme) => a[scheme] === b[scheme]);

const isRefusal = (error: unknown, code: string): error is DirectoryError =>
  error instanceof DirectoryError && error.code === code;
