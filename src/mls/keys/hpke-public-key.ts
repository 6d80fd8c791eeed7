import { equalBytes } from "../codec/byte-strings.ts";

/** `opaque HPKEPublicKey<V>`, RFC 9420 §5.1.1: whatever was received; whether it is a key is `isValidHpkePublicKey`. */
export class HpkePublicKey {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The key as it stands on the wire. */
  asSlice(): Uint8Array {
    return this.#bytes;
  }

  /** The same bytes. */
  equals(other: HpkePublicKey): boolean {
    return equalBytes(this.#bytes, other.#bytes);
  }
}
