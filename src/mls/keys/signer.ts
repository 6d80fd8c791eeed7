import type { SignatureScheme } from "../ciphersuite.ts";
import type { CryptoProvider } from "../crypto/provider.ts";
import { SignaturePublicKey } from "./key-types.ts";

/**
 * Makes signatures. It is async, so that the private key can stay in a platform's key store. `sign` returns the
 * signature of exactly this message as MLS carries it (RFC 9420 §5.1.2: DER for ECDSA); the builder reports a rejection
 * as `SignatureError`.
 */
export type Signer = {
  readonly signatureScheme: SignatureScheme;
  sign(message: Uint8Array): Promise<Uint8Array>;
};

/** A signature key pair in memory. Only `privateKey` reveals the private key. */
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

  /** From stored keys; whether they belong together is not checked. */
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

  /** `signature_key` of the leaf node. */
  publicKey(): SignaturePublicKey {
    return this.#publicKey;
  }

  /** The secret: an EdDSA seed or an ECDSA scalar. */
  privateKey(): Uint8Array {
    return this.#privateKey;
  }
}
