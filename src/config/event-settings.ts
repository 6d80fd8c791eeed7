/**
 * Where events about low stock go: a signed webhook of the deployment's own backend, or a Cloudflare Queue. Off by
 * default.
 */
import { EXPIRING_WITHIN_SECONDS, MAX_EVENT_SECRETS } from "./limits.ts";
import { readCount, SettingError, type Variables } from "./settings.ts";

/** What a producer's binding of a Cloudflare Queue is used for. */
export type EventQueue = { readonly send: (message: unknown, options: { contentType: "json" }) => Promise<unknown> };

export type EventTarget =
  | {
      readonly kind: "webhook";
      readonly url: URL;
      /** Each signs every message, so that a receiver may know any of them while they are exchanged. */
      readonly secrets: readonly Uint8Array<ArrayBuffer>[];
    }
  | { readonly kind: "queue"; readonly queue: EventQueue };

export type EventSettings = {
  readonly target: EventTarget;
  /** How long before their end packages count as about to expire. */
  readonly expiringSeconds: number;
};

const URL_NAME = "EVENTS_WEBHOOK_URL";
const SECRETS_NAME = "EVENTS_WEBHOOK_SECRETS";
const EXPIRING_NAME = "EVENTS_EXPIRING_SECONDS";
const QUEUE_NAME = "EVENTS";

/** Standard Webhooks: a secret has 24 to 64 bytes, and is written as base64 after this prefix. */
const SECRET_PREFIX = "whsec_";
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;

/** Reads where events go; undefined for nowhere. Throws SettingError for what cannot be read. */
export function readEventSettings(env: Variables): EventSettings | undefined {
  const expiringSeconds = readCount(env, EXPIRING_NAME, EXPIRING_WITHIN_SECONDS);
  // Also without an address: a secret is set by a command of its own, and may come first.
  const secrets = readSecrets(env);
  const url = readAddress(env);
  const queue = readQueue(env);
  if (url && queue) throw new SettingError(URL_NAME, `and the binding ${QUEUE_NAME} are both set; set one`);
  if (queue) return { target: { kind: "queue", queue }, expiringSeconds };
  if (!url) return undefined;
  if (secrets.length === 0) throw new SettingError(SECRETS_NAME, `must be set, as ${URL_NAME} is`);
  return { target: { kind: "webhook", url, secrets }, expiringSeconds };
}

/** Plain HTTP is for a receiver on the same machine only. */
function readAddress(env: Variables): URL | undefined {
  const text = env[URL_NAME];
  if (text === undefined || text === "") return undefined;
  const url = typeof text === "string" ? URL.parse(text) : null;
  const isLoopback = url?.hostname === "127.0.0.1" || url?.hostname === "localhost";
  if (!url || !(url.protocol === "https:" || (url.protocol === "http:" && isLoopback))) {
    throw new SettingError(URL_NAME, "must be an https address");
  }
  // The runtime would refuse such an address at the first event, and drop what is behind the hash.
  if (url.username !== "" || url.password !== "" || url.hash !== "") {
    throw new SettingError(URL_NAME, "must hold neither a user name, nor a password, nor a fragment");
  }
  return url;
}

/** The fault never repeats what was set: it is shown to whoever calls. */
function readSecrets(env: Variables): readonly Uint8Array<ArrayBuffer>[] {
  const text = env[SECRETS_NAME];
  if (text === undefined || text === "") return [];
  const secrets = typeof text === "string" ? text.split(",").map((secret) => decodeSecret(secret.trim())) : [];
  const readable = secrets.filter((secret) => secret !== undefined);
  if (readable.length !== secrets.length || secrets.length === 0 || secrets.length > MAX_EVENT_SECRETS) {
    throw new SettingError(
      SECRETS_NAME,
      `must be one to ${MAX_EVENT_SECRETS} secrets, separated by commas, each ${SECRET_PREFIX} and ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes in base64`,
    );
  }
  return readable;
}

function decodeSecret(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!text.startsWith(SECRET_PREFIX)) return undefined;
  const base64 = text.slice(SECRET_PREFIX.length);
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0) return undefined;
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return bytes.length >= MIN_SECRET_BYTES && bytes.length <= MAX_SECRET_BYTES ? bytes : undefined;
}

function readQueue(env: Variables): EventQueue | undefined {
  const queue = env[QUEUE_NAME];
  if (queue === undefined || queue === "") return undefined;
  if (!isQueue(queue)) throw new SettingError(QUEUE_NAME, "must be the binding of a queue");
  return queue;
}

const isQueue = (value: unknown): value is EventQueue =>
  typeof value === "object" && value !== null && "send" in value && typeof value.send === "function";
