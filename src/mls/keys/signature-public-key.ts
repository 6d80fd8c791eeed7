import { equalBytes } from "../codec/byte-strings.ts";

/** `opaque SignaturePublicKey<V>`, RFC 9420 §5.1.1. */
export class SignaturePublicKey {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The key as it stands on the wire. */
  asSlice(): Uint8Array {
    return this.#bytes;
  }

  /** The same bytes. */
  equals(other: SignaturePublicKey): boolean {
    return equalBytes(this.#bytes, other.#bytes);
  }
}
