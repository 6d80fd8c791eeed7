/** An HPKE private key, RFC 9180 §4, as SerializePrivateKey writes it. It shows itself only to `asSlice`. */
export class HpkePrivateKey {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The secret. */
  asSlice(): Uint8Array {
    return this.#bytes;
  }

  /** Never the secret. */
  toString(): string {
    return "HpkePrivateKey(secret)";
  }

  /** Never the secret. */
  toJSON(): string {
    return this.toString();
  }
}
