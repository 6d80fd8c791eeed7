/**
 * One attempt to deliver an event: a webhook as Standard Webhooks signs it (https://www.standardwebhooks.com), or a
 * message of a Cloudflare Queue. Bounded in time; every failure is a value.
 */
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { EventTarget } from "../../config/event-settings.ts";
import { EVENT_RETRY_MAX_MS, EVENT_TIMEOUT_MS } from "../../config/limits.ts";
import { unixSeconds } from "../../shared/time.ts";
import { withTimeout } from "../../shared/with-timeout.ts";

/**
 * `gone`: the receiver wants no more of them (410), so it is not tried again. The others are, `refused` after
 * `retryAfterMs` at the earliest, if the receiver says so. `rejected`: its status says that the same request would be
 * refused again, so it is tried less often.
 */
export type Delivery =
  | { readonly outcome: "delivered" | "gone" }
  | { readonly outcome: "timeout" | "unreachable" }
  | { readonly outcome: "rejected"; readonly status: number }
  | { readonly outcome: "refused"; readonly status: number; readonly retryAfterMs: number };

export type Message = { readonly id: string; readonly payload: Readonly<Record<string, unknown>> };

/** Never rejects. */
export async function deliver(target: EventTarget, message: Message, nowMs: number): Promise<Delivery> {
  const ending = new AbortController();
  const attempt = target.kind === "queue" ? enqueue(target, message) : post(target, message, nowMs, ending.signal);
  try {
    return await withTimeout(EVENT_TIMEOUT_MS, attempt, () => new Late());
  } catch (error) {
    return { outcome: error instanceof Late ? "timeout" : "unreachable" };
  } finally {
    // What the receiver answers beside its status is not wanted.
    ending.abort();
  }
}

class Late extends Error {}

type Webhook = Extract<EventTarget, { kind: "webhook" }>;

async function post({ url, secrets }: Webhook, { id, payload }: Message, nowMs: number, signal: AbortSignal) {
  const body = JSON.stringify(payload);
  const timestamp = unixSeconds(nowMs);
  const response = await fetch(url.href, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "User-Agent": "mls-key-directory",
      "webhook-id": id,
      "webhook-timestamp": String(timestamp),
      "webhook-signature": await signatures(secrets, `${id}.${timestamp}.${body}`),
    },
    body,
    // Names go to the address of the setting, or nowhere.
    redirect: "manual",
    signal,
  });
  return outcomeOf(response);
}

/** One signature for each secret: a receiver takes the message if it can make any of them. */
async function signatures(secrets: readonly Uint8Array<ArrayBuffer>[], content: string): Promise<string> {
  const bytes = utf8ToBytes(content);
  const macs = secrets.map(async (secret) => {
    const key = await crypto.subtle.importKey("raw", secret, HMAC, false, ["sign"]);
    return `v1,${new Uint8Array(await crypto.subtle.sign(HMAC.name, key, bytes)).toBase64()}`;
  });
  return (await Promise.all(macs)).join(" ");
}

const HMAC = { name: "HMAC", hash: "SHA-256" };

/** Statuses of 4xx that say "not now" (RFC 9110 §15.5.9, §15.5.10, RFC 8470 §5.2, RFC 6585 §4). */
const PASSING: ReadonlySet<number> = new Set([408, 409, 425, 429]);

function outcomeOf({ ok, status, headers }: Response): Delivery {
  if (ok) return { outcome: "delivered" };
  if (status === 410) return { outcome: "gone" };
  if (status >= 400 && status < 500 && !PASSING.has(status)) return { outcome: "rejected", status };
  const seconds = Number(headers.get("Retry-After") ?? "0");
  const retryAfterMs = seconds > 0 ? Math.min(seconds * 1000, EVENT_RETRY_MAX_MS) : 0;
  return { outcome: "refused", status, retryAfterMs };
}

async function enqueue(
  { queue }: Extract<EventTarget, { kind: "queue" }>,
  { id, payload }: Message,
): Promise<Delivery> {
  await queue.send({ id, ...payload }, { contentType: "json" });
  return { outcome: "delivered" };
}
