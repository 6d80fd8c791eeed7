import { hexToBytes } from "@noble/hashes/utils.js";
import type { SignatureScheme } from "../ciphersuite.ts";
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
  const prefix = native?.pkcs8Prefix;
  const pkcs8 = prefix === undefined ? undefined : Uint8Array.of(...hexToBytes(prefix), ...privateKey);
  const key = native && pkcs8 && (await importKey("pkcs8", pkcs8, native, "sign"));
  if (native === undefined || key === undefined) return fallback.sign(scheme, privateKey, message);
  const signature = new Uint8Array(await crypto.subtle.sign(native.algorithm, key, unshared(message)));
  return native.ecdsaScalarBytes === undefined ? signature : rawToDer(signature);
}
