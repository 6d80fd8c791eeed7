import { hexToBytes } from "@noble/hashes/utils.js";
import { SignatureScheme } from "../ciphersuite.ts";
import { rawToDer } from "./ecdsa/der.ts";
import { nobleCrypto } from "./noble.ts";
import type { CryptoProvider } from "./provider.ts";
import { importKey, nativeScheme, unshared, webCryptoVerifierOver } from "./webcrypto-verifier.ts";

/** The native adapter: verifies as said at `webCryptoVerifierOver`, and signs by the runtime's WebCrypto where it can. */
export const webCrypto: CryptoProvider = webCryptoOver(nobleCrypto);

/**
 * The same over another provider in place of noble: over one with ML-DSA, such as `postQuantumCrypto`, ML-DSA signatures
 * are verified by the runtime where it has them.
 */
export function webCryptoOver(fallback: CryptoProvider): CryptoProvider {
  return {
    ...fallback,
    ...webCryptoVerifierOver(fallback),
    sign: (scheme, privateKey, message) => signOver(fallback, scheme, privateKey, message),
  };
}

async function signOver(
  fallback: CryptoProvider,
  scheme: SignatureScheme,
  privateKey: Uint8Array,
  message: Uint8Array,
): Promise<Uint8Array> {
  const native = nativeScheme(scheme);
  const prefix = PKCS8_PREFIXES[scheme];
  const pkcs8 = prefix === undefined ? undefined : Uint8Array.of(...hexToBytes(prefix), ...privateKey);
  const key = native && pkcs8 && (await importKey("pkcs8", pkcs8, native, "sign"));
  if (native === undefined || key === undefined) return fallback.sign(scheme, privateKey, message);
  const signature = new Uint8Array(await crypto.subtle.sign(native.algorithm, key, unshared(message)));
  return native.ecdsaScalarBytes === undefined ? signature : rawToDer(signature);
}

/**
 * PKCS #8 up to the bytes of the private key, without the public key (RFC 5958, RFC 5915, RFC 8410). Without one the
 * fallback signs.
 */
const PKCS8_PREFIXES: Readonly<Partial<Record<SignatureScheme, string>>> = {
  [SignatureScheme.ed25519]: "302e020100300506032b657004220420",
  [SignatureScheme.ecdsa_secp256r1_sha256]: "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420",
  [SignatureScheme.ecdsa_secp384r1_sha384]: "304e020100301006072a8648ce3d020106052b81040022043730350201010430",
  [SignatureScheme.ecdsa_secp521r1_sha512]: "3060020100301006072a8648ce3d020106052b81040023044930470201010442",
};
