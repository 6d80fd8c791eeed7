/**
 * The keys of an issuer that publishes them at an address. They are held by the isolate, shared in the data center
 * (shared-keys.ts) and fetched from the issuer as rarely as fetch-budget.ts says, also while the issuer fails.
 *
 * In workerd the promise of one request's I/O must not be awaited by another request: if the first one ends, the promise
 * never settles. So a renewal under way is a mark with a time, and other requests that need its outcome look again and
 * again by timers of their own. The mark is set before anything is awaited, so one renewal runs at a time.
 */
import type { JWTHeaderParameters } from "jose";
import type { Jwks } from "../../config/auth-settings.ts";
import {
  JWKS_CACHE_MS,
  JWKS_FETCH_SPACING_MS,
  JWKS_FLIGHT_LOOK_MS,
  JWKS_FLIGHT_MS,
  JWKS_REFRESH_MS,
  JWKS_SHARED_LOOK_MS,
  JWKS_STALE_MS,
} from "../../config/limits.ts";
import { log } from "../../shared/log.ts";
import type { Result } from "../../shared/ok-or-error.ts";
import { mayFetch, NO_FETCHES, nextFetchMs, withFetch } from "./fetch-budget.ts";
import type { JwksFault } from "./fetch-jwks.ts";
import { type KeySet, keySet } from "./key-set.ts";
import type { KeyRefresh, KeySource, KeyState, Lookup, NoKey } from "./key-source.ts";
import type { KeyRecord, SharedKeys } from "./shared-keys.ts";

export type RemoteKeysParts = {
  /** For the log. */
  readonly issuer: string;
  readonly fetchJwks: () => Promise<Result<Jwks, JwksFault>>;
  readonly shared: SharedKeys;
  readonly pause: (ms: number) => Promise<void>;
};

const LOOKS = Math.ceil(JWKS_FLIGHT_MS / JWKS_FLIGHT_LOOK_MS);
const SHARED_LOOKS = Math.ceil(JWKS_FLIGHT_MS / JWKS_SHARED_LOOK_MS);

export class RemoteKeys implements KeySource {
  readonly #parts: RemoteKeysParts;
  #record: KeyRecord = { fetches: NO_FETCHES, failed: false, copy: undefined };
  /** The keys of the record's copy. */
  #keys: KeySet | undefined;
  #renewal: { readonly sinceMs: number } | undefined;
  /** Keys that were fetched before count as none. */
  #validSinceMs = 0;
  /** The newest mark that was obeyed. */
  #markMs = 0;
  #fetchesBegun = 0;

  constructor(parts: RemoteKeysParts) {
    this.#parts = parts;
  }

  async keyFor(header: JWTHeaderParameters, lookup: Lookup): Promise<Result<CryptoKey, NoKey>> {
    const { nowMs } = lookup;
    const age = this.#age(nowMs);
    // Only a token that is good but for its key is worth asking the issuer about.
    const keyId = lookup.isPlausible ? header.kid : undefined;
    const isEnough = () => this.#keys?.has(keyId) === true;
    if (age >= JWKS_STALE_MS || !isEnough()) {
      await (this.#renew(isEnough, lookup) ?? this.#awaitRenewal(nowMs));
    } else if (age >= JWKS_REFRESH_MS) {
      const renewal = this.#renew(isEnough, lookup);
      if (age >= JWKS_CACHE_MS) await renewal;
    }
    const picked = await this.#pick(header, nowMs);
    const held = this.#keys;
    if (picked.ok || picked.error.fault !== "unknown_key" || !held?.has(header.kid)) return picked;
    // There is a key of that id, or the token names none: one of another kind may have taken its place.
    await this.#lookBeyond(held, lookup);
    return this.#pick(header, nowMs);
  }

  async successorOf(header: JWTHeaderParameters, lookup: Lookup): Promise<CryptoKey | undefined> {
    const held = this.#keys;
    if (!held || !(await this.#lookBeyond(held, lookup))) return undefined;
    const picked = await this.#pick(header, lookup.nowMs);
    return picked.ok ? picked.value : undefined;
  }

  state(nowMs: number): KeyState {
    const isUsable = this.#age(nowMs) < JWKS_STALE_MS;
    return {
      from: "address",
      fetchedAtMs: isUsable ? this.#record.copy?.fetchedAtMs : undefined,
      failed: this.#record.failed,
      keyIds: isUsable ? (this.#keys?.ids ?? []) : [],
    };
  }

  async refresh(nowMs: number): Promise<KeyRefresh> {
    const [validSinceMs, fetchesBegun] = [this.#validSinceMs, this.#fetchesBegun];
    // Neither what is held nor what others hold is good enough, until it turns out that there is nothing better.
    this.#validSinceMs = nowMs;
    // If the caller goes away in the middle of it, the next renewal begins when JWKS_FLIGHT_MS are over.
    await this.#renew(() => this.#keys !== undefined, { nowMs, inBackground: () => undefined });
    if (this.#age(nowMs) < JWKS_STALE_MS) return "fetched";
    this.#validSinceMs = Math.max(validSinceMs, this.#markMs);
    return this.#fetchesBegun === fetchesBegun ? "too_soon" : "failed";
  }

  expire(sinceMs: number, nowMs: number): boolean {
    // A mark of the future comes from a clock that is wrong: no fetch would be young enough.
    if (sinceMs <= this.#markMs || sinceMs > nowMs + JWKS_FETCH_SPACING_MS) return false;
    this.#markMs = sinceMs;
    this.#validSinceMs = Math.max(sinceMs, this.#validSinceMs);
    return true;
  }

  async #pick(header: JWTHeaderParameters, nowMs: number): Promise<Result<CryptoKey, NoKey>> {
    const { failed, fetches } = this.#record;
    const picked = this.#keys && this.#age(nowMs) < JWKS_STALE_MS ? await this.#keys.pick(header) : undefined;
    if (picked?.ok) return picked;
    // While the issuer cannot be asked, a key that is not known may still be its key.
    if (picked && !(picked.error === "unknown_key" && failed)) return { ok: false, error: { fault: picked.error } };
    const waitMs = nextFetchMs(fetches, nowMs) - nowMs;
    return {
      ok: false,
      error: { fault: "keys_unavailable", retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) },
    };
  }

  /** Of the keys, at least 0; without any that count, infinite. */
  #age(nowMs: number): number {
    const { copy } = this.#record;
    if (!copy || copy.fetchedAtMs < this.#validSinceMs) return Number.POSITIVE_INFINITY;
    return Math.max(0, nowMs - copy.fetchedAtMs);
  }

  /**
   * Begins to renew the keys; undefined if that is under way or not yet allowed again. `isEnough`: whether the keys that
   * are held then serve the caller, so that the issuer need not be asked while they are young.
   */
  #renew(
    isEnough: () => boolean,
    { nowMs, inBackground }: Pick<Lookup, "nowMs" | "inBackground">,
  ): Promise<void> | undefined {
    if (this.#isRenewing(nowMs) || !mayFetch(this.#record.fetches, nowMs)) return undefined;
    this.#record = { ...this.#record, fetches: withFetch(this.#record.fetches, nowMs) };
    const mark = { sinceMs: nowMs };
    this.#renewal = mark;
    const work = this.#bringUpToDate(isEnough, nowMs).finally(() => {
      if (this.#renewal === mark) this.#renewal = undefined;
    });
    // The caller may go away; what it began serves the others.
    inBackground(work);
    return work;
  }

  /** Renews keys that have the token's key id and yet do not verify it; whether there are others now. */
  async #lookBeyond(held: KeySet, lookup: Lookup): Promise<boolean> {
    if (!lookup.isPlausible) return false;
    await (this.#renew(() => this.#keys !== held, lookup) ?? this.#awaitRenewal(lookup.nowMs));
    return this.#keys !== held;
  }

  #isRenewing(nowMs: number): boolean {
    return this.#renewal !== undefined && Math.abs(nowMs - this.#renewal.sinceMs) < JWKS_FLIGHT_MS;
  }

  async #awaitRenewal(nowMs: number): Promise<void> {
    for (let look = 0; look < LOOKS && this.#isRenewing(nowMs); look++) await this.#parts.pause(JWKS_FLIGHT_LOOK_MS);
  }

  /** From the shared record if that is good enough, else from the issuer. Never rejects. */
  async #bringUpToDate(isEnough: () => boolean, nowMs: number): Promise<void> {
    const { shared, pause } = this.#parts;
    let theirs = await shared.read();
    for (let look = 0; ; look++) {
      if (theirs) this.#adopt(theirs, nowMs);
      const serves = isEnough();
      if (serves && this.#age(nowMs) < JWKS_REFRESH_MS) return;
      if (theirs === undefined || look >= SHARED_LOOKS || !isUnderWay(theirs, nowMs)) break;
      // Another isolate asks the issuer at this moment. Its answer is waited for only where there is nothing to use.
      if (serves && this.#age(nowMs) < JWKS_STALE_MS) return;
      await pause(JWKS_SHARED_LOOK_MS);
      theirs = await shared.read();
    }
    if (theirs && !mayFetch(theirs.fetches, nowMs)) return;
    const fetches = theirs ? withFetch(theirs.fetches, nowMs) : this.#record.fetches;
    await shared.write({ ...this.#record, fetches, failed: false });
    await this.#fetch(nowMs);
    await shared.write({ ...this.#record, fetches });
  }

  async #fetch(nowMs: number): Promise<void> {
    const { issuer, fetchJwks } = this.#parts;
    this.#fetchesBegun++;
    const fetched = await fetchJwks();
    this.#record = { ...this.#record, failed: !fetched.ok };
    if (fetched.ok) this.#hold(fetched.value, nowMs);
    else log.warn("issuer_keys_not_fetched", { issuer, fault: fetched.error });
  }

  #adopt({ copy, failed, fetches }: KeyRecord, nowMs: number): void {
    const ours = this.#record.copy?.fetchedAtMs ?? 0;
    // One of the future comes from a clock that is wrong: it would never grow old.
    if (copy && copy.fetchedAtMs > ours && copy.fetchedAtMs <= nowMs + JWKS_FETCH_SPACING_MS) {
      this.#hold(copy.jwks, copy.fetchedAtMs);
    }
    if (fetches.lastMs > ours) this.#record = { ...this.#record, failed };
  }

  #hold(jwks: Jwks, fetchedAtMs: number): void {
    this.#record = { ...this.#record, copy: { jwks, fetchedAtMs } };
    this.#keys = keySet(jwks);
  }
}

/** Whether another isolate has begun a fetch that has not ended, as far as its record says. */
const isUnderWay = ({ fetches, failed, copy }: KeyRecord, nowMs: number): boolean =>
  !failed && copy?.fetchedAtMs !== fetches.lastMs && Math.abs(nowMs - fetches.lastMs) < JWKS_FLIGHT_MS;
