/**
 * Tokens that this isolate verified a moment ago: a client that makes many requests pays for one signature check.
 * Nothing is remembered longer than a minute, or than the token lives; a key that the issuer withdraws is believed for
 * that minute at most. Tokens are known by their whole text: a digest would have to be made for each request.
 */
import { CACHED_TOKEN_OVERHEAD_BYTES, MAX_TOKEN_CACHE_BYTES, TOKEN_CACHE_MS } from "../../config/limits.ts";
import type { Principal } from "./principal.ts";

type Remembered = { readonly principal: Principal; readonly untilMs: number; readonly bytes: number };

export class TokenCache {
  /** Maps keep the order of insertion: the first is the oldest. */
  readonly #byToken = new Map<string, Remembered>();
  #bytes = 0;

  /** Who the token speaks for, if it was verified recently enough. */
  get(token: string, now: Date): Principal | undefined {
    const remembered = this.#byToken.get(token);
    return remembered && now.getTime() < remembered.untilMs ? remembered.principal : undefined;
  }

  /** `expiresAt` is the token's `exp` in unix seconds. */
  put(token: string, principal: Principal, expiresAt: number, now: Date): void {
    this.#forget(token);
    const bytes = bytesOf(token, principal);
    for (const oldest of this.#byToken.keys()) {
      if (this.#bytes + bytes <= MAX_TOKEN_CACHE_BYTES) break;
      this.#forget(oldest);
    }
    this.#bytes += bytes;
    const untilMs = Math.min(expiresAt * 1000, now.getTime() + TOKEN_CACHE_MS);
    this.#byToken.set(token, { principal, untilMs, bytes });
  }

  #forget(token: string): void {
    this.#bytes -= this.#byToken.get(token)?.bytes ?? 0;
    this.#byToken.delete(token);
  }
}

/**
 * A token that was verified is ASCII, which an engine keeps at one byte per character. Other texts may take two; scopes
 * are constants of the program.
 */
const bytesOf = (token: string, { user, client }: Principal): number =>
  CACHED_TOKEN_OVERHEAD_BYTES + token.length + 2 * (user.length + (client?.length ?? 0));
