/** Whether a deployment signs receipts, in whose name and with which keys. Off by default. */
import { isBase64Url } from "../shared/base64url.ts";
import { choiceOf, textOf } from "./auth-settings.ts";
import { MAX_RECEIPT_ISSUER_CHARACTERS, MAX_RECEIPT_KEYS } from "./limits.ts";
import { SettingError, type Variables } from "./settings.ts";

export type ReceiptKey = {
  readonly kid: string;
  /** The public key, 32 bytes in base64url. */
  readonly x: string;
  /** The private key; undefined for one that is published for old receipts and signs nothing. */
  readonly d: string | undefined;
  /** It signs what happened from then on, in unix seconds, until that of another key. */
  readonly signsFrom: number;
};

export type ReceiptSettings = {
  /** `iss` of every receipt. */
  readonly issuer: string;
  /** Whether answers have receipts that were not asked for. */
  readonly always: boolean;
  /** At least one of them signs. */
  readonly keys: readonly ReceiptKey[];
};

const KEYS = "RECEIPT_KEYS";
const ISSUER = "RECEIPT_ISSUER";
const WHEN = "RECEIPTS";

const KEY_BYTES = 32;
/** Of those bytes in base64url. */
const KEY_CHARACTERS = 43;
const MEMBERS: readonly string[] = ["kty", "crv", "kid", "x", "d", "signs_from", "alg", "use", "key_ops", "ext"];

/** Undefined without keys. Throws SettingError for what cannot be read, and for the rest without keys. */
export function readReceiptSettings(env: Variables): ReceiptSettings | undefined {
  const keys = textOf(env, KEYS);
  const issuer = textOf(env, ISSUER);
  const when = textOf(env, WHEN);
  if (keys === undefined) {
    if (issuer !== undefined) throw new SettingError(ISSUER, `is set without ${KEYS}`);
    if (when !== undefined) throw new SettingError(WHEN, `is set without ${KEYS}`);
    return undefined;
  }
  // Not the address of the request: the same receipt must come out whatever name a caller knows the directory by.
  if (issuer === undefined) throw new SettingError(ISSUER, `must be set, as ${KEYS} is`);
  if (issuer.length > MAX_RECEIPT_ISSUER_CHARACTERS) {
    throw new SettingError(ISSUER, `must have at most ${MAX_RECEIPT_ISSUER_CHARACTERS} characters`);
  }
  const always = choiceOf(env, WHEN, ["on_request", "always"], "on_request") === "always";
  return { issuer, always, keys: readKeys(keys) };
}

/** A JWK Set of Ed25519 keys (RFC 8037). No message repeats what is in it. */
function readKeys(text: string): readonly ReceiptKey[] {
  const list = keysIn(text);
  if (list === undefined || list.length === 0 || list.length > MAX_RECEIPT_KEYS) {
    throw new SettingError(KEYS, `must be a JWK Set in JSON of 1 to ${MAX_RECEIPT_KEYS} keys`);
  }
  const keys = list.map(readKey);
  if (new Set(keys.map(({ kid }) => kid)).size !== keys.length) throw new SettingError(KEYS, "has a kid twice");
  const signing = keys.filter(({ d }) => d !== undefined);
  if (signing.length === 0) throw new SettingError(KEYS, "must have at least one private key");
  if (new Set(signing.map(({ signsFrom }) => signsFrom)).size !== signing.length) {
    throw new SettingError(KEYS, "has two private keys with the same signs_from; 0 if it is left out");
  }
  return keys;
}

function readKey(value: unknown, index: number): ReceiptKey {
  const fault = (what: string) => new SettingError(KEYS, `[${index}] ${what}`);
  if (!isObject(value)) throw fault("must be an object");
  if (Object.keys(value).some((name) => !MEMBERS.includes(name))) throw fault("has a member that is not known");
  const { kty, crv, kid, x, d, signs_from: signsFrom = 0 } = value;
  if (kty !== "OKP" || crv !== "Ed25519") throw fault("must have kty OKP and crv Ed25519");
  if (typeof kid !== "string" || !/^[\x21-\x7e]{1,64}$/.test(kid)) throw fault("must have a kid of visible ASCII");
  if (!isKey(x)) throw fault(`must have ${KEY_BYTES} bytes in base64url as x`);
  if (d !== undefined && !isKey(d)) throw fault(`must have ${KEY_BYTES} bytes in base64url as d, or none`);
  if (!Number.isSafeInteger(signsFrom) || (signsFrom as number) < 0)
    throw fault("must have unix seconds as signs_from");
  return { kid, x, d, signsFrom: signsFrom as number };
}

const isKey = (value: unknown): value is string =>
  typeof value === "string" && isBase64Url(value) && value.length === KEY_CHARACTERS;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function keysIn(text: string): readonly unknown[] | undefined {
  try {
    const { keys } = JSON.parse(text) as { readonly keys?: unknown };
    return Array.isArray(keys) ? keys : undefined;
  } catch {
    return undefined;
  }
}
