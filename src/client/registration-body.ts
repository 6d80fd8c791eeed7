/** The body of a registration: made here and nowhere else. */
import {
  KeyPackageIn,
  SignatureScheme,
  type SignatureSchemeName,
  type SuiteProfile,
  signatureSchemeName,
  Writer,
} from "../mls/index.ts";
import type { RegisterRequest } from "./api-types.ts";
import { utf8 } from "./digest.ts";
import { localError } from "./directory-error.ts";
import { toBase64Url } from "./portable-base64url.ts";
import type { SignatureKeys } from "./wire-types.ts";

/** A signature key to register, and how the client shows that it holds it. */
export type RegistrationKey = SigningKey | PackagedKey;

/** A signature key without what proves it. */
export type PublicKey = {
  readonly scheme: SignatureSchemeName;
  /** As in the leaf of an MLS group: raw for EdDSA, an uncompressed point for ECDSA. */
  readonly publicKey: Uint8Array;
};

export type SigningKey = PublicKey & {
  /** A signature over exactly these bytes, as MLS carries it: DER for ECDSA. */
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
};

/** For implementations that sign nothing but what MLS has. Directories whose identities name user and client take it. */
export type PackagedKey = PublicKey & {
  /** Made just now with this key, for this user and client, bare or in an MLSMessage. It is not stored. */
  readonly keyPackage: Uint8Array;
};

/**
 * The key that a KeyPackage is signed with, for MLS libraries that give out packages and no keys. `keyPackage` is bare or
 * in an MLSMessage; `sign` signs with its private half. Without `sign` the package itself is the proof that the client
 * holds the key. `profile` says what the number of its suite means.
 */
export function registrationKey(
  keyPackage: Uint8Array,
  sign?: SigningKey["sign"],
  profile?: SuiteProfile,
): RegistrationKey {
  const decoded = KeyPackageIn.fromBytes(keyPackage, profile);
  if (!decoded.ok) throw localError("invalid_argument", `expected a KeyPackage: ${decoded.error.message}`);
  const scheme = signatureSchemeName(decoded.value.suite().signatureScheme);
  const publicKey = decoded.value.unverifiedCredential().signatureKey.bytes;
  return { scheme, publicKey, ...(sign ? { sign } : { keyPackage }) };
}

export type Registration = {
  readonly user: string;
  readonly client: string;
  readonly keys: readonly RegistrationKey[];
  /** The `aud` of the directory's tokens. */
  readonly audience: string;
  /** Unix seconds, by the directory's clock. */
  readonly signedAt: number;
};

/** Registers the keys; each is signed with, to prove that the caller holds it, or has signed a package. */
export async function registrationBody(registration: Registration): Promise<RegisterRequest> {
  const { keys, signedAt } = registration;
  const packages = keys.flatMap((key) => ("keyPackage" in key ? [toBase64Url(key.keyPackage)] : []));
  if (packages.length > 0 && packages.length === keys.length) return { key_packages: packages };
  const signatureKeys: SignatureKeys = {};
  const proofs: SignatureKeys = {};
  for (const key of keys) {
    if (!("sign" in key)) {
      throw localError("invalid_argument", "expected a package for each signature key or for none, got one for some");
    }
    signatureKeys[key.scheme] = toBase64Url(key.publicKey);
    proofs[key.scheme] = toBase64Url(await key.sign(possessionProofInput(registration, key)));
  }
  return { signature_keys: signatureKeys, signed_at: signedAt, proofs };
}

/**
 * SignContent of RFC 9420 §5.1.2, whose label no signature of MLS itself has, over
 * ```
 * struct {
 *   opaque audience<V>; opaque user<V>; opaque client<V>;   // UTF-8
 *   uint16 signature_scheme; opaque signature_key<V>; uint64 signed_at;
 * } RegistrationTBS;
 * ```
 */
export function possessionProofInput(
  { audience, user, client, signedAt }: Registration,
  { scheme, publicKey }: PublicKey,
): Uint8Array {
  const content = new Writer()
    .opaque(utf8(audience))
    .opaque(utf8(user))
    .opaque(utf8(client))
    .u16(SignatureScheme[scheme])
    .opaque(publicKey)
    .u64(BigInt(signedAt))
    .finish();
  return new Writer().opaque(utf8("MLS 1.0 MLSKeyDirectoryRegistration")).opaque(content).finish();
}
