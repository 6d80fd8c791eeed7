import { HpkePublicKey } from "./hpke-public-key.ts";

/** The init key of a KeyPackage, RFC 9420 §10: what a Welcome is sealed to, used for this one purpose. */
export class InitKey {
  readonly #key: HpkePublicKey;

  constructor(key: HpkePublicKey | Uint8Array) {
    this.#key = key instanceof HpkePublicKey ? key : new HpkePublicKey(key);
  }

  /** As an HPKE key. */
  key(): HpkePublicKey {
    return this.#key;
  }

  /** The key as it stands on the wire. */
  asSlice(): Uint8Array {
    return this.#key.asSlice();
  }
}
