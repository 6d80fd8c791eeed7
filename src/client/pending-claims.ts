/**
 * Claims that are under way, with their idempotency keys. A claim whose reply was lost, even by a crash, is sent again
 * under the same key, so that the packages that it took are not lost: the directory repeats its answer.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import type { Platform } from "./platform.ts";
import { toBase64Url } from "./portable-base64url.ts";
import type { ClientStore } from "./storage/client-store.ts";

/** The directory keeps answers for 24 hours by default; an older key would no longer name the same answer. */
const KEY_SERVES_SECONDS = 20 * 3600;
const KEY_BYTES = 16;

type PendingClaim = { readonly idempotencyKey: string; readonly startedAt: number };

export class PendingClaims {
  readonly #store: ClientStore;
  readonly #platform: Platform;

  constructor(store: ClientStore, platform: Platform) {
    this.#store = store;
    this.#platform = platform;
  }

  /** Names a request: the same one gets the same name. */
  nameOf(request: unknown): string {
    return `claim/${toBase64Url(sha256(new TextEncoder().encode(JSON.stringify(request))))}`;
  }

  /** The key of this request: the one of an earlier try that was not finished, else a new one, which is stored first. */
  async begin(name: string): Promise<string> {
    const now = Math.floor(this.#platform.now() / 1000);
    const earlier = await this.#store.getJson<PendingClaim>(name);
    if (earlier && Math.abs(now - earlier.startedAt) < KEY_SERVES_SECONDS) return earlier.idempotencyKey;
    const idempotencyKey = toBase64Url(this.#platform.randomBytes(KEY_BYTES));
    const pending: PendingClaim = { idempotencyKey, startedAt: now };
    await this.#store.write([[name, JSON.stringify(pending)]]);
    return idempotencyKey;
  }

  /** The answer was handed on, or there will be none. */
  end(name: string): Promise<void> {
    return this.#store.write([[name, undefined]]);
  }
}
