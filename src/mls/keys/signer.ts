import type { SignatureScheme } from "../ciphersuite.ts";
import type { CryptoProvider } from "../crypto/provider.ts";
import { SignaturePublicKey } from "./key-types.ts";

/**
 * Whoever signs: async, so that a platform's key store can keep the private key to itself. `sign` gives the signature
 * as MLS carries it (RFC 9420 §5.1.1: DER for ECDSA) over exactly this message; a rejection is `SignatureError`.
 */
export type Signer = {
  readonly signatureScheme: SignatureScheme;
  sign(message: Uint8Array): Promise<Uint8Array>;
};

/** A signature key pair in memory. The private key shows itself only to `privateKey`. */
export class SignatureKeyPair implements Signer {
  readonly signatureScheme: SignatureScheme;
  readonly #crypto: CryptoProvider;
  readonly #privateKey: Uint8Array;
  readonly #publicKey: SignaturePublicKey;

  private constructor(
    crypto: CryptoProvider,
    signatureScheme: SignatureScheme,
    privateKey: Uint8Array,
    publicKey: Uint8Array,
  ) {
    this.signatureScheme = signatureScheme;
    this.#crypto = crypto;
    this.#privateKey = privateKey;
    this.#publicKey = new SignaturePublicKey(publicKey);
  }

  /** A fresh pair. */
  static async generate(crypto: CryptoProvider, signatureScheme: SignatureScheme): Promise<SignatureKeyPair> {
    const { privateKey, publicKey } = await crypto.generateSignatureKeyPair(signatureScheme);
    return new SignatureKeyPair(crypto, signatureScheme, privateKey, publicKey);
  }

  /** From what an application has kept; the keys are not compared with each other. */
  static fromRaw(
    crypto: CryptoProvider,
    signatureScheme: SignatureScheme,
    keys: { readonly privateKey: Uint8Array; readonly publicKey: Uint8Array },
  ): SignatureKeyPair {
    return new SignatureKeyPair(crypto, signatureScheme, keys.privateKey, keys.publicKey);
  }

  /** Signs with the private key. */
  sign(message: Uint8Array): Promise<Uint8Array> {
    return this.#crypto.sign(this.signatureScheme, this.#privateKey, message);
  }

  /** What goes into the leaf node. */
  publicKey(): SignaturePublicKey {
    return this.#publicKey;
  }

  /** The secret: EdDSA's seed, ECDSA's scalar. */
  privateKey(): Uint8Array {
    return this.#privateKey;
  }
}
