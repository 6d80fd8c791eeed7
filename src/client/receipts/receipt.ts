/**
 * What a receipt says. It is a JWS in the compact serialization (RFC 7515) whose payload is a JWT claims set (RFC 7519):
 * `iss` is the directory, `iat` the time by the clock of the user's pool, `sub` the user whose client it is about. Bytes
 * are base64url, times unix seconds.
 */

/** `typ` of the header, by what the receipt is about. */
export const RECEIPT_TYPES = {
  claim: "kpd-claim+jwt",
  registration: "kpd-registration+jwt",
  publication: "kpd-publication+jwt",
  revocation: "kpd-revocation+jwt",
} as const;

export type ReceiptKind = keyof typeof RECEIPT_TYPES;

/** SHA-256 of signature public keys by the name of their scheme in the TLS registry, such as `ed25519`. */
export type HashedKeys = Readonly<Record<string, string>>;

type Common = {
  /** The directory. */
  readonly iss: string;
  readonly iat: number;
  /** The user whose client the receipt is about, and the client. */
  readonly sub: string;
  readonly client: string;
  /** When the client was registered, of which one may have ended and the next begun under the same name. */
  readonly registered_at?: number | undefined;
};

/** One package was given to one claimer. */
export type ClaimBody = Common & {
  /** Number of the claim: the `sequence` of its entry in the owner's journal. One claim may give of several clients. */
  readonly claim: number;
  /** Who claimed; neither of them where a claim capability did. */
  readonly aud?: string | undefined;
  readonly claimer_client?: string | undefined;
  /** SHA-256 of the secret that claimed, in place of a name. */
  readonly capability_sha256?: string | undefined;
  readonly key_package_ref: string;
  readonly ciphersuite: number;
  readonly use: "one_time" | "last_resort";
  readonly signature_scheme: string;
  readonly signature_key_sha256: string;
  readonly not_after: number;
};

/** These keys were registered at that time. */
export type RegistrationBody = Common & { readonly signature_keys_sha256: HashedKeys };

/** These packages of an upload were in stock after it. */
export type PublicationBody = Common & {
  readonly mode: "add" | "replace";
  readonly key_package_refs: readonly string[];
};

/** The registration is at an end, and nothing is given of it from then on. */
export type RevocationBody = Common & { readonly purged: number };

export type ReceiptBodies = {
  readonly claim: ClaimBody;
  readonly registration: RegistrationBody;
  readonly publication: PublicationBody;
  readonly revocation: RevocationBody;
};

/** A receipt that was read, by its kind. */
export type Receipt = { [K in ReceiptKind]: { readonly kind: K; readonly body: ReceiptBodies[K] } }[ReceiptKind];

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string" && value.length > 0;
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isRef: Check = (value) => typeof value === "string" && /^[A-Za-z0-9_-]{43,86}$/.test(value);
const isSha256: Check = (value) => typeof value === "string" && /^[A-Za-z0-9_-]{43}$/.test(value);
const isOneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.includes(value as string);
const isOptional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const COMMON = { iss: isText, iat: isCount, sub: isText, client: isText, registered_at: isOptional(isCount) };

/** What each member must be. Others may be there: a later directory may say more. */
const MEMBERS: Readonly<Record<ReceiptKind, Readonly<Record<string, Check>>>> = {
  claim: {
    ...COMMON,
    claim: isCount,
    aud: isOptional(isText),
    claimer_client: isOptional(isText),
    capability_sha256: isOptional(isSha256),
    key_package_ref: isRef,
    ciphersuite: isCount,
    use: isOneOf("one_time", "last_resort"),
    signature_scheme: isText,
    signature_key_sha256: isSha256,
    not_after: isCount,
  },
  registration: {
    ...COMMON,
    signature_keys_sha256: (value) => isObject(value) && Object.values(value).every(isSha256),
  },
  publication: {
    ...COMMON,
    mode: isOneOf("add", "replace"),
    key_package_refs: (value) => Array.isArray(value) && value.every(isRef),
  },
  revocation: { ...COMMON, purged: isCount },
};

/** The receipt of this `typ` and payload, or the member that is missing or not what it must be. */
export function readReceipt(typ: unknown, payload: unknown): Receipt | { readonly fault: string } {
  const kind = (Object.keys(RECEIPT_TYPES) as ReceiptKind[]).find((one) => RECEIPT_TYPES[one] === typ);
  if (kind === undefined) return { fault: "typ" };
  if (!isObject(payload)) return { fault: "payload" };
  for (const [name, check] of Object.entries(MEMBERS[kind])) {
    if (!check(Object.hasOwn(payload, name) ? payload[name] : undefined)) return { fault: name };
  }
  return { kind, body: payload } as unknown as Receipt;
}
