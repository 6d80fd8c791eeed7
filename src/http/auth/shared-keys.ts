/**
 * What all isolates of a data center know of an issuer's keys, in the Cache API: a new isolate need not ask the issuer,
 * and fetches are counted for all of them. It is no more than a help: without it each isolate keeps its own count.
 */
import type { Jwks } from "../../config/auth-settings.ts";
import { JWKS_SHARED_TIMEOUT_MS, JWKS_STALE_MS } from "../../config/limits.ts";
import { withTimeout } from "../../shared/with-timeout.ts";
import type { Fetches } from "./fetch-budget.ts";
import { asJwks } from "./fetch-jwks.ts";

export type KeyRecord = {
  readonly fetches: Fetches;
  /** Whether the last fetch that has ended failed. */
  readonly failed: boolean;
  /** The newest keys, and when the fetch that gave them began. */
  readonly copy: { readonly jwks: Jwks; readonly fetchedAtMs: number } | undefined;
};

export type SharedKeys = {
  /** Undefined if nothing is there, or nothing that can be read. Never rejects. */
  readonly read: () => Promise<KeyRecord | undefined>;
  /** Never rejects. */
  readonly write: (record: KeyRecord) => Promise<void>;
};

const CACHE_NAME = "mls-key-directory-issuer-keys";

/** The shared record of the keys at an address. Isolates of another version that write another form use another name. */
export function sharedKeys(url: URL): SharedKeys {
  // A name for the cache only: nothing is ever fetched from there.
  const name = `https://issuer-keys.invalid/v1/${encodeURIComponent(url.href)}`;
  return {
    read: () =>
      orUndefined(async () => {
        const response = await (await caches.open(CACHE_NAME)).match(name);
        return response && asRecord(await response.json());
      }),
    write: async (record) => {
      const headers = { "Cache-Control": `max-age=${JWKS_STALE_MS / 1000}` };
      await orUndefined(async () => (await caches.open(CACHE_NAME)).put(name, Response.json(record, { headers })));
    },
  };
}

async function orUndefined<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await withTimeout(JWKS_SHARED_TIMEOUT_MS, work(), () => new Error("no answer in time"));
  } catch {
    return undefined;
  }
}

function asRecord(value: unknown): KeyRecord | undefined {
  const { fetches, failed, copy } = value as Partial<KeyRecord>;
  if (!Number.isFinite(fetches?.lastMs) || !Number.isFinite(fetches?.drainedMs)) return undefined;
  if (copy !== undefined && !(Number.isFinite(copy.fetchedAtMs) && asJwks(copy.jwks))) return undefined;
  return { fetches: fetches as Fetches, failed: failed === true, copy };
}
