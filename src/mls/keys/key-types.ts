/** Keys as the structs of RFC 9420 carry them: byte strings, which may or may not be keys. */
import { copyOf, equalBytes } from "../codec/byte-strings.ts";

/**
 * A public key as received. Whether it is a valid key is another question: `hpkePublicKeyDefect` and
 * `signaturePublicKeyDefect` answer it.
 */
export class PublicKeyBytes<Use extends "HPKE" | "signature"> {
  /** Never set: it makes keys of different uses different types. */
  declare protected readonly use: Use;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The key as on the wire. */
  asSlice(): Uint8Array {
    return this.#bytes;
  }

  /** The key as on the wire: a copy. */
  get bytes(): Uint8Array {
    return copyOf(this.#bytes);
  }

  /** The same bytes. */
  equals(other: PublicKeyBytes<Use>): boolean {
    return equalBytes(this.#bytes, other.#bytes);
  }
}

/** `opaque HPKEPublicKey<V>`, RFC 9420 §5.1.1. */
export class HpkePublicKey extends PublicKeyBytes<"HPKE"> {}

/** `opaque SignaturePublicKey<V>`, RFC 9420 §5.1.1. */
export class SignaturePublicKey extends PublicKeyBytes<"signature"> {}

/** The init key of a KeyPackage, RFC 9420 §10: a Welcome is sealed to it, and it has no other use. */
export class InitKey {
  readonly #key: HpkePublicKey;

  constructor(key: HpkePublicKey | Uint8Array) {
    this.#key = key instanceof HpkePublicKey ? key : new HpkePublicKey(key);
  }

  /** As an HPKE key. */
  key(): HpkePublicKey {
    return this.#key;
  }

  /** The key as on the wire. */
  asSlice(): Uint8Array {
    return this.#key.asSlice();
  }

  /** The key as on the wire: a copy. */
  get bytes(): Uint8Array {
    return this.#key.bytes;
  }
}

/** An HPKE private key, RFC 9180 §4, as SerializePrivateKey writes it. Only `asSlice` reveals it. */
export class HpkePrivateKey {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The secret. */
  asSlice(): Uint8Array {
    return this.#bytes;
  }

  /** Overwrites the secret with zeros: the key cannot be used any more. */
  wipe(): void {
    this.#bytes.fill(0);
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
