/**
 * Tokens that this isolate verified a moment ago: a client that makes many requests pays for one signature check.
 * Nothing is remembered longer than a minute, or than the token lives; a key that the issuer withdraws is believed for
 * that minute at most.
 */
import { MAX_CACHED_TOKENS, TOKEN_CACHE_MS } from "../../config/limits.ts";
import type { Issuer } from "./issuer.ts";
import type { Principal } from "./principal.ts";

type Remembered = { readonly principal: Principal; readonly untilMs: number };

/** By the keys that verified them, so that another configuration starts with nothing. */
const memories = new WeakMap<Issuer["keys"], Map<string, Remembered>>();

const nameOf = (token: string, { issuer, audience, clientClaim }: Issuer): string =>
  JSON.stringify([issuer, audience, clientClaim, token]);

/** Who the token speaks for, if that was verified under the same configuration and is recent enough. */
export function cachedPrincipal(token: string, issuer: Issuer, now: Date): Principal | undefined {
  const remembered = memories.get(issuer.keys)?.get(nameOf(token, issuer));
  return remembered && now.getTime() < remembered.untilMs ? remembered.principal : undefined;
}

/** `expiresAt` is the token's `exp` in unix seconds. */
export function cachePrincipal(
  token: string,
  issuer: Issuer,
  principal: Principal,
  expiresAt: number,
  now: Date,
): void {
  const memory = memories.get(issuer.keys) ?? new Map<string, Remembered>();
  memories.set(issuer.keys, memory);
  // Maps keep the order of insertion: the first is the oldest.
  const [oldest] = memory.keys();
  if (memory.size >= MAX_CACHED_TOKENS && oldest !== undefined) memory.delete(oldest);
  memory.set(nameOf(token, issuer), {
    principal,
    untilMs: Math.min(expiresAt * 1000, now.getTime() + TOKEN_CACHE_MS),
  });
}
