/**
 * Claims that are under way, with their idempotency keys. A claim whose reply was lost, even by a crash, is sent again
 * under the same key, so that the packages that it took are not lost: the directory repeats its answer.
 */
import { digestOf, utf8 } from "../digest.ts";
import type { Platform } from "../platform.ts";
import { toBase64Url } from "../portable-base64url.ts";
import type { ClientStore } from "../storage/client-store.ts";

/** The directory keeps answers for 24 hours by default; an older key would no longer name the same answer. */
const KEY_SERVES_SECONDS = 20 * 3600;
const KEY_BYTES = 16;

type PendingClaim = { readonly idempotencyKey: string; readonly startedAt: number };

/** Names a request: the same one gets the same name. */
export const claimName = (request: unknown): string => `claim/${digestOf(utf8(JSON.stringify(request)))}`;

/** The key of this request: the one of an earlier try that was not finished, else a new one, which is stored first. */
export async function beginClaim(store: ClientStore, platform: Platform, name: string): Promise<string> {
  const startedAt = Math.floor(platform.now() / 1000);
  const earlier = await store.get<PendingClaim>(name);
  if (earlier && Math.abs(startedAt - earlier.startedAt) < KEY_SERVES_SECONDS) return earlier.idempotencyKey;
  const idempotencyKey = toBase64Url(platform.randomBytes(KEY_BYTES));
  const pending: PendingClaim = { idempotencyKey, startedAt };
  await store.write([[name, pending]]);
  return idempotencyKey;
}

/** Their answers were handed on, or there will be none. */
export const endClaims = (store: ClientStore, names: readonly string[]): Promise<void> =>
  store.write(names.map((name) => [name, undefined]));
