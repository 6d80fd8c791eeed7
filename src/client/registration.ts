/** The body of a registration: made here and nowhere else. */
import { SignatureScheme, type SignatureSchemeName, signatureSchemeName } from "../mls/ciphersuite.ts";
import { Writer } from "../mls/codec/writer.ts";
import { KeyPackageIn } from "../mls/key-package/key-package-in.ts";
import type { SuiteProfile } from "../mls/suite-profile.ts";
import type { RegisterRequest } from "./api-types.ts";
import { toBase64Url } from "./base64url.ts";
import { DirectoryError } from "./directory-error.ts";

/** A signature key to register. */
export type RegistrationKey = {
  readonly scheme: SignatureSchemeName;
  /** As in the leaf of an MLS group: raw for EdDSA, an uncompressed point for ECDSA. */
  readonly publicKey: Uint8Array;
  /** A signature over exactly these bytes, as MLS carries it: DER for ECDSA. */
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
};

/**
 * The key that a KeyPackage is signed with, for MLS libraries that give out packages and no keys. `keyPackage` is bare or
 * in an MLSMessage; `sign` signs with its private half. `profile` says what the number of its suite means.
 */
export function registrationKey(
  keyPackage: Uint8Array,
  sign: RegistrationKey["sign"],
  profile?: SuiteProfile,
): RegistrationKey {
  const decoded = KeyPackageIn.fromBytes(keyPackage, profile);
  if (!decoded.ok) {
    const detail = `expected a KeyPackage, got bytes that are none: ${decoded.error.message}`;
    throw new DirectoryError({ code: "invalid_argument", detail });
  }
  const { leafNode } = decoded.value.unverified();
  const scheme = signatureSchemeName(decoded.value.suite().signatureScheme);
  return { scheme, publicKey: leafNode.signatureKey().bytes, sign };
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

/** Registers the keys; each is signed with, to prove that the caller holds it. */
export async function registrationBody(registration: Registration): Promise<RegisterRequest> {
  const { keys, signedAt } = registration;
  const body = { signature_keys: Object.fromEntries(keys.map((key) => [key.scheme, toBase64Url(key.publicKey)])) };
  const proofs = await Promise.all(
    keys.map(async (key) => {
      const proof = await key.sign(possessionProofInput(registration, key));
      return [key.scheme, toBase64Url(proof)] as const;
    }),
  );
  return { ...body, signed_at: signedAt, proofs: Object.fromEntries(proofs) };
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
  { scheme, publicKey }: Pick<RegistrationKey, "scheme" | "publicKey">,
): Uint8Array {
  const text = new TextEncoder();
  const content = new Writer()
    .opaque(text.encode(audience))
    .opaque(text.encode(user))
    .opaque(text.encode(client))
    .u16(SignatureScheme[scheme])
    .opaque(publicKey)
    .u64(BigInt(signedAt))
    .finish();
  return new Writer().opaque(text.encode("MLS 1.0 MLSKeyDirectoryRegistration")).opaque(content).finish();
}
