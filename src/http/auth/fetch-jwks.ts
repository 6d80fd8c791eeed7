/** One fetch of an issuer's keys, bounded in time and size. Every failure is a value. */
import { concatBytes } from "@noble/hashes/utils.js";
import type { Jwks } from "../../config/auth-settings.ts";
import { JWKS_FETCH_TIMEOUT_MS, MAX_JWKS_BYTES } from "../../config/limits.ts";
import { ok, type Result } from "../../shared/ok-or-error.ts";
import { withTimeout } from "../../shared/with-timeout.ts";

/** For the log: why there are no keys. */
export type JwksFault = "unreachable" | "timeout" | "bad_status" | "too_large" | "not_a_jwks";

const fault = (error: JwksFault) => ({ ok: false, error }) as const;

/** Asks the issuer. A redirect is not followed: the keys are where the setting says, or nowhere. Never rejects. */
export async function fetchJwks(url: URL): Promise<Result<Jwks, JwksFault>> {
  const ending = new AbortController();
  try {
    return await withTimeout(JWKS_FETCH_TIMEOUT_MS, askForJwks(url, ending.signal), () => new Late());
  } catch (error) {
    return fault(error instanceof Late ? "timeout" : "unreachable");
  } finally {
    // Whatever has not been read of the answer is not wanted any more.
    ending.abort();
  }
}

class Late extends Error {}

async function askForJwks(url: URL, signal: AbortSignal): Promise<Result<Jwks, JwksFault>> {
  const headers = { Accept: "application/jwk-set+json, application/json" };
  const response = await fetch(url.href, { headers, redirect: "manual", signal });
  if (response.status !== 200) return fault("bad_status");
  const text = await readAtMost(response, MAX_JWKS_BYTES);
  if (text === undefined) return fault("too_large");
  const jwks = parseJwks(text);
  return jwks ? ok(jwks) : fault("not_a_jwks");
}

/** A set as RFC 7517 §5 has it. Keys of unknown kinds may be in it; they verify nothing. */
export function asJwks(value: unknown): Jwks | undefined {
  const keys = typeof value === "object" && value !== null && "keys" in value ? value.keys : undefined;
  if (!Array.isArray(keys)) return undefined;
  const objects = keys.every((key) => typeof key === "object" && key !== null && !Array.isArray(key));
  return objects ? { keys: keys as readonly object[] } : undefined;
}

function parseJwks(text: string): Jwks | undefined {
  try {
    return asJwks(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function readAtMost(response: Response, maxBytes: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    // Leaving the loop cancels the stream.
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return new TextDecoder().decode(concatBytes(...chunks));
}
