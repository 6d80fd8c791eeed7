/**
 * Tokens that this isolate verified a moment ago: a client that makes many requests pays for one signature check.
 * Nothing is remembered longer than a minute, or than the token lives; a key that the issuer withdraws is believed for
 * that minute at most. Tokens are known by their SHA-256, so that what is held does not grow with their length.
 */
import { CACHED_TOKEN_OVERHEAD_BYTES, MAX_TOKEN_CACHE_BYTES, TOKEN_CACHE_MS } from "../../config/limits.ts";
import { toBase64Url } from "../../shared/base64url.ts";
import type { Principal } from "./principal.ts";

type Remembered = { readonly principal: Principal; readonly untilMs: number; readonly bytes: number };

/** What a token is remembered by. */
export async function tokenDigest(token: string): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token))));
}

export class TokenCache {
  /** Maps keep the order of insertion: the first is the oldest. */
  readonly #byDigest = new Map<string, Remembered>();
  #bytes = 0;

  /** Who the token speaks for, if it was verified recently enough. */
  get(digest: string, now: Date): Principal | undefined {
    const remembered = this.#byDigest.get(digest);
    return remembered && now.getTime() < remembered.untilMs ? remembered.principal : undefined;
  }

  /** `expiresAt` is the token's `exp` in unix seconds. */
  put(digest: string, principal: Principal, expiresAt: number, now: Date): void {
    this.#forget(digest);
    const bytes = bytesOf(digest, principal);
    for (const oldest of this.#byDigest.keys()) {
      if (this.#bytes + bytes <= MAX_TOKEN_CACHE_BYTES) break;
      this.#forget(oldest);
    }
    this.#bytes += bytes;
    const untilMs = Math.min(expiresAt * 1000, now.getTime() + TOKEN_CACHE_MS);
    this.#byDigest.set(digest, { principal, untilMs, bytes });
  }

  /** Forgets all: they are verified again. */
  clear(): void {
    this.#byDigest.clear();
    this.#bytes = 0;
  }

  #forget(digest: string): void {
    this.#bytes -= this.#byDigest.get(digest)?.bytes ?? 0;
    this.#byDigest.delete(digest);
  }
}

/** Texts at two bytes per character, the most that an engine takes; scopes are constants of the program. */
const bytesOf = (digest: string, { user, client }: Principal): number =>
  CACHED_TOKEN_OVERHEAD_BYTES + 2 * (digest.length + user.length + (client?.length ?? 0));
