import { isMlDsa, type MlDsaScheme, SignatureScheme } from "../ciphersuite.ts";
import { derToRaw } from "./ecdsa/der.ts";
import { decodePoint } from "./ed25519/edwards25519.ts";
import { orderOf } from "./ed25519/prime-order.ts";
import type { CryptoVerifier, SignatureItem, SignaturePolicy } from "./provider.ts";

/** The first byte of an uncompressed point, SEC 1 §2.3.3. */
const UNCOMPRESSED = 0x04;

/**
 * The native verifier: Ed25519, ECDSA and hashes by the runtime's WebCrypto. Everything else is done by `fallback`, such as
 * `batchVerifier`, and so is what a runtime lacks (Ed448 and X448 nearly everywhere, Ed25519 in older ones).
 *
 * Its verdicts are those of the fallback, also where engines differ:
 * - ECDSA: the signature is converted from strict DER to raw here; keys that are not uncompressed points are decoded by
 *   the fallback, since runtimes differ in what else they import.
 * - Ed25519: engines check [S]B = R + [k]A without the cofactor, by comparing the encoding of [S]B − [k]A with R, and
 *   accept any key. For a canonical key of prime order (checked here once for each key) R is then canonical, and of
 *   prime order unless it is neutral, so that the native verdict is ours for any other R. The fallback decides on all
 *   other keys.
 */
export function webCryptoVerifierOver(fallback: CryptoVerifier): CryptoVerifier {
  const verifyMany: CryptoVerifier["verifyMany"] = (scheme, items, policy) =>
    verifyManyOver(fallback, scheme, items, policy);
  return {
    supports: (suite, use) => fallback.supports(suite, use),
    verify: async (scheme, item, policy) => (await verifyMany(scheme, [item], policy))[0] ?? false,
    verifyMany,
    hash: async (algorithm, data) => new Uint8Array(await crypto.subtle.digest(algorithm, unshared(data))),
  };
}

/** A `CryptoKey`, which is a global type in some runtimes' types only. */
type NativeKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** A scheme in WebCrypto: its name and the form of its keys and signatures. */
export type NativeScheme = {
  readonly algorithm: { readonly name: string; readonly namedCurve?: string; readonly hash?: string };
  readonly publicKeyBytes: number;
  /** Of a raw signature; runtimes reject other lengths in their own ways, some by an exception. */
  readonly signatureBytes: number;
  readonly ecdsaScalarBytes: number | undefined;
};

export function nativeScheme(scheme: SignatureScheme): NativeScheme | undefined {
  if (isMlDsa(scheme)) return ML_DSA[scheme];
  switch (scheme) {
    case SignatureScheme.ed25519:
      return {
        algorithm: { name: "Ed25519" },
        publicKeyBytes: 32,
        signatureBytes: 64,
        ecdsaScalarBytes: undefined,
      };
    case SignatureScheme.ecdsa_secp256r1_sha256:
      return ecdsa("P-256", "SHA-256", 32);
    case SignatureScheme.ecdsa_secp384r1_sha384:
      return ecdsa("P-384", "SHA-384", 48);
    case SignatureScheme.ecdsa_secp521r1_sha512:
      return ecdsa("P-521", "SHA-512", 66);
    case SignatureScheme.ed448:
      return undefined;
  }
}

function ecdsa(namedCurve: string, hash: string, scalarBytes: number): NativeScheme {
  const algorithm = { name: "ECDSA", namedCurve, hash };
  const lengths = { publicKeyBytes: 1 + 2 * scalarBytes, signatureBytes: 2 * scalarBytes };
  return { algorithm, ...lengths, ecdsaScalarBytes: scalarBytes };
}

/** FIPS 204, table 2. */
const ML_DSA: Readonly<Record<MlDsaScheme, NativeScheme>> = {
  [SignatureScheme.mldsa44]: mlDsa("ML-DSA-44", 1312, 2420),
  [SignatureScheme.mldsa65]: mlDsa("ML-DSA-65", 1952, 3309),
  [SignatureScheme.mldsa87]: mlDsa("ML-DSA-87", 2592, 4627),
};

function mlDsa(name: string, publicKeyBytes: number, signatureBytes: number): NativeScheme {
  return { algorithm: { name }, publicKeyBytes, signatureBytes, ecdsaScalarBytes: undefined };
}

async function verifyManyOver(
  fallback: CryptoVerifier,
  scheme: SignatureScheme,
  items: readonly SignatureItem[],
  policy: SignaturePolicy,
): Promise<boolean[]> {
  const native = nativeScheme(scheme);
  if (native === undefined) return fallback.verifyMany(scheme, items, policy);
  const keys = new Map<string, Promise<NativeKey | undefined>>();
  const verdicts = await Promise.all(items.map((item) => verifyNatively(native, item, keys)));
  const open = items.filter((_, i) => verdicts[i] === undefined);
  const answers = open.length === 0 ? [] : await fallback.verifyMany(scheme, open, policy);
  let next = 0;
  return verdicts.map((verdict) => verdict ?? answers[next++] ?? false);
}

/** The verdict, or `undefined` where the fallback has to decide. */
async function verifyNatively(
  native: NativeScheme,
  { publicKey, message, signature }: SignatureItem,
  keys: Map<string, Promise<NativeKey | undefined>>,
): Promise<boolean | undefined> {
  const { algorithm, ecdsaScalarBytes, signatureBytes } = native;
  const raw = ecdsaScalarBytes === undefined ? signature : derToRaw(signature, ecdsaScalarBytes);
  if (raw?.length !== signatureBytes) return false;
  if (algorithm.name === "Ed25519" && hasNeutralR(raw)) return false;
  const key = await publicKeyOf(native, publicKey, keys);
  if (key === undefined) return undefined;
  return crypto.subtle.verify(algorithm, key, unshared(raw), unshared(message));
}

/** The canonical encoding of (0, 1). */
function hasNeutralR(signature: Uint8Array): boolean {
  return signature[0] === 1 && signature.subarray(1, 32).every((byte) => byte === 0);
}

/** A key of several signatures is checked and imported once. */
function publicKeyOf(
  native: NativeScheme,
  publicKey: Uint8Array,
  keys: Map<string, Promise<NativeKey | undefined>>,
): Promise<NativeKey | undefined> {
  if (publicKey.length !== native.publicKeyBytes) return Promise.resolve(undefined);
  const name = String.fromCharCode(...publicKey);
  const kept = keys.get(name);
  if (kept !== undefined) return kept;
  const format = native.algorithm.name.startsWith("ML-DSA") ? "raw-public" : "raw";
  const key = isPlainKey(native, publicKey)
    ? importKey(format, publicKey, native, "verify")
    : Promise.resolve(undefined);
  keys.set(name, key);
  return key;
}

function isPlainKey(native: NativeScheme, publicKey: Uint8Array): boolean {
  if (native.ecdsaScalarBytes !== undefined) return publicKey[0] === UNCOMPRESSED;
  if (native.algorithm.name !== "Ed25519") return true;
  const point = decodePoint(publicKey);
  return point !== undefined && orderOf(point) === "prime";
}

/** `undefined` for bytes that are not a key and for an algorithm that the runtime lacks: the fallback tells them apart. */
export async function importKey(
  format: "raw" | "raw-public" | "pkcs8",
  bytes: Uint8Array,
  { algorithm }: NativeScheme,
  usage: "sign" | "verify",
): Promise<NativeKey | undefined> {
  try {
    // TypeScript does not know "raw-public" yet, by which runtimes import keys of ML-DSA.
    return await crypto.subtle.importKey(format as "raw", unshared(bytes), algorithm, false, [usage]);
  } catch {
    return undefined;
  }
}

/** WebCrypto does not accept views of shared memory. */
export function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return isUnshared(bytes) ? bytes : new Uint8Array(bytes);
}

function isUnshared(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}
