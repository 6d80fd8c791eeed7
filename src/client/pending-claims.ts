/**
 * Claims that are under way, with their idempotency keys. A claim whose reply was lost, even by a crash, is sent again
 * under the same key, so that the packages that it took are not lost: the directory repeats its answer.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { toBase64Url } from "./base64url.ts";
import { asDirectoryError } from "./directory-error.ts";
import type { Platform } from "./platform.ts";
import type { Storage } from "./storage/storage.ts";

/** The directory keeps answers for 24 hours by default; an older key would no longer name the same answer. */
const KEY_SERVES_SECONDS = 20 * 3600;
const KEY_BYTES = 16;

type PendingClaim = { readonly idempotencyKey: string; readonly startedAt: number };

export class PendingClaims {
  readonly #storage: Storage;
  readonly #platform: Platform;
  readonly #prefix: string;

  constructor(storage: Storage, platform: Platform, prefix: string) {
    this.#storage = storage;
    this.#platform = platform;
    this.#prefix = prefix;
  }

  /** Names a request: the same one gets the same name. */
  nameOf(request: unknown): string {
    const digest = sha256(new TextEncoder().encode(JSON.stringify(request)));
    return `${this.#prefix}claim/${toBase64Url(digest)}`;
  }

  /** The key of this request: the one of an earlier try that was not finished, else a new one, which is stored first. */
  async begin(name: string): Promise<string> {
    try {
      const now = Math.floor(this.#platform.now() / 1000);
      const text = await this.#storage.get(name);
      const earlier = text === undefined ? undefined : (JSON.parse(text) as PendingClaim);
      if (earlier && Math.abs(now - earlier.startedAt) < KEY_SERVES_SECONDS) return earlier.idempotencyKey;
      const idempotencyKey = toBase64Url(this.#platform.randomBytes(KEY_BYTES));
      const pending: PendingClaim = { idempotencyKey, startedAt: now };
      await this.#storage.write(new Map([[name, JSON.stringify(pending)]]));
      return idempotencyKey;
    } catch (cause) {
      throw asDirectoryError(cause, "storage_failed", "the key of a claim could not be stored, so nothing was claimed");
    }
  }

  /** The answer was handed on, or there will be none. */
  async end(name: string): Promise<void> {
    try {
      await this.#storage.write(new Map([[name, undefined]]));
    } catch (cause) {
      throw asDirectoryError(cause, "storage_failed", "the key of a finished claim could not be forgotten");
    }
  }
}
