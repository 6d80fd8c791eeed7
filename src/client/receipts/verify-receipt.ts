/**
 * Whether a receipt is one of a directory, and of what its holder expects. Needs no platform: signatures are checked in
 * JavaScript, since a receipt is read once and may be read anywhere.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { fromBase64Url, toBase64Url } from "../portable-base64url.ts";
import { type ClaimBody, type Receipt, readReceipt } from "./receipt.ts";

/**
 * `malformed`: not a receipt. `unknown_key`: signed with a key that is not in the set. `bad_signature`: not signed by that
 * key, or changed since. `wrong_issuer`: of another directory. `mismatch`: genuine, and about something else than
 * expected. `too_old`, `not_yet`: genuine, and of another time than expected.
 */
export type ReceiptErrorCode =
  | "malformed"
  | "unknown_key"
  | "bad_signature"
  | "wrong_issuer"
  | "mismatch"
  | "too_old"
  | "not_yet";

export type ReceiptError = { readonly code: ReceiptErrorCode; readonly message: string };

export type Verified =
  | { readonly ok: true; readonly value: Receipt }
  | { readonly ok: false; readonly error: ReceiptError };

/** A JWK Set (RFC 7517) as the directory publishes it at `/.well-known/jwks.json`. Keys of other types are passed over. */
export type ReceiptKeys = { readonly keys: readonly object[] };

/** What the holder of a receipt knows of it by itself. What is left out is not compared. */
export type ExpectedReceipt = {
  /** `iss`: the directory, as its policy names it. */
  readonly issuer?: string;
  readonly kind?: Receipt["kind"];
  /** The user and client whose package, registration or upload it is. */
  readonly user?: string;
  readonly client?: string;
  /** Who claimed. */
  readonly claimer?: { readonly user: string; readonly client?: string };
  /** The package that came with the receipt of a claim. */
  readonly keyPackage?: {
    /** KeyPackageRef in base64url. */
    readonly ref: string;
    readonly ciphersuite: number;
    readonly signatureKey: Uint8Array;
    readonly notAfter: number;
    /** Whether the answer called it a last resort. */
    readonly lastResort?: boolean;
  };
  /** Unix seconds. With `maxAgeSeconds` an older receipt is refused; one of the future always is, with a skew of 300 s. */
  readonly now?: number;
  readonly maxAgeSeconds?: number;
};

/** Far more than a receipt of the largest upload takes. */
const MAX_RECEIPT_CHARACTERS = 262_144;
const CLOCK_SKEW_SECONDS = 300;
const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** Checks form, signature and expectations, in this order. */
export function verifyReceipt(text: string, keys: ReceiptKeys, expected: ExpectedReceipt = {}): Verified {
  if (text.length > MAX_RECEIPT_CHARACTERS) {
    return refuse("malformed", `expected at most ${MAX_RECEIPT_CHARACTERS} characters, got ${text.length}`);
  }
  const [header = "", payload = "", signature = "", ...more] = text.split(".");
  const { alg, kid, typ, crit } = (jsonOf(header) ?? {}) as Readonly<Record<string, unknown>>;
  if (more.length > 0 || alg !== "EdDSA" || typeof kid !== "string" || crit !== undefined) {
    return refuse(
      "malformed",
      "expected a JWS in the compact serialization with alg EdDSA and a kid, got something else",
    );
  }
  const signatureBytes = fromBase64Url(signature);
  if (signatureBytes?.length !== SIGNATURE_BYTES) {
    return refuse("malformed", `expected a signature of ${SIGNATURE_BYTES} bytes in base64url, got something else`);
  }
  const publicKey = publicKeyOf(keys, kid);
  if (publicKey === undefined) return refuse("unknown_key", `expected a key of the directory, got ${shown(kid)}`);
  const message = new TextEncoder().encode(`${header}.${payload}`);
  if (!isSigned(signatureBytes, message, publicKey)) {
    return refuse("bad_signature", `expected a signature by the key ${shown(kid)}, got another`);
  }
  const receipt = readReceipt(typ, jsonOf(payload));
  if ("fault" in receipt) return refuse("malformed", `expected a receipt, got one whose ${receipt.fault} is not one`);
  return check(receipt, expected);
}

function check(receipt: Receipt, expected: ExpectedReceipt): Verified {
  const { issuer, now, maxAgeSeconds } = expected;
  const { iss, iat } = receipt.body;
  if (issuer !== undefined && iss !== issuer) return refuse("wrong_issuer", `expected ${issuer}, got ${shown(iss)}`);
  if (now !== undefined && !(iat <= now + CLOCK_SKEW_SECONDS)) {
    return refuse("not_yet", `expected a receipt of ${now} or earlier, got one of ${iat}`);
  }
  if (now !== undefined && maxAgeSeconds !== undefined && !(iat >= now - maxAgeSeconds)) {
    return refuse("too_old", `expected a receipt of at most ${maxAgeSeconds} seconds, got one of ${now - iat}`);
  }
  const different = differences(receipt, expected);
  if (different !== undefined) return refuse("mismatch", different);
  return { ok: true, value: receipt };
}

/** The first thing that is not as expected. */
function differences(receipt: Receipt, expected: ExpectedReceipt): string | undefined {
  const { body } = receipt;
  const { kind, user, client, claimer, keyPackage } = expected;
  const claim = receipt.kind === "claim" ? receipt.body : undefined;
  const pairs: (readonly [name: string, wanted: unknown, got: unknown])[] = [
    ["kind", kind, receipt.kind],
    ["user", user, body.sub],
    ["client", client, body.client],
    ["claimer", claimer?.user, claim?.aud],
    ["claimer's client", claimer?.client, claim?.claimer_client],
    ...(keyPackage === undefined ? [] : ofPackage(keyPackage, claim)),
  ];
  const found = pairs.find(([, wanted, got]) => wanted !== undefined && wanted !== got);
  return found && `${found[0]}: expected ${shown(found[1])}, got ${shown(found[2])}`;
}

type Expected = NonNullable<ExpectedReceipt["keyPackage"]>;

function ofPackage(wanted: Expected, claim: ClaimBody | undefined) {
  const use = wanted.lastResort === undefined ? undefined : wanted.lastResort ? "last_resort" : "one_time";
  return [
    ["key_package_ref", wanted.ref, claim?.key_package_ref],
    ["ciphersuite", wanted.ciphersuite, claim?.ciphersuite],
    ["signature_key_sha256", toBase64Url(sha256(wanted.signatureKey)), claim?.signature_key_sha256],
    ["not_after", wanted.notAfter, claim?.not_after],
    ["use", use, claim?.use],
  ] as const;
}

function publicKeyOf({ keys }: ReceiptKeys, kid: string): Uint8Array | undefined {
  const found = (keys as readonly Readonly<Record<string, unknown>>[]).filter(
    (key) => key.kty === "OKP" && key.crv === "Ed25519" && key.kid === kid,
  );
  // Two keys of one name leave open which of them signed.
  const [key, ...others] = found;
  if (key === undefined || others.length > 0 || typeof key.x !== "string") return undefined;
  const bytes = fromBase64Url(key.x);
  return bytes?.length === PUBLIC_KEY_BYTES ? bytes : undefined;
}

/** RFC 8032 as the directory's signatures are: no encodings and no points that only some verifiers accept. */
function isSigned(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
}

function jsonOf(part: string): unknown {
  const bytes = fromBase64Url(part);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

const shown = (value: unknown): string => String(value).slice(0, 80);

const refuse = (code: ReceiptErrorCode, message: string): Verified => ({ ok: false, error: { code, message } });
