import type { HpkePrivateKey } from "../keys/hpke-private-key.ts";
import type { KeyPackage } from "./key-package.ts";

/** A KeyPackage with the private keys behind it. They show themselves to nobody who does not ask for them. */
export class KeyPackageBundle {
  readonly #keyPackage: KeyPackage;
  readonly #initPrivateKey: HpkePrivateKey;
  readonly #encryptionPrivateKey: HpkePrivateKey;

  constructor(keyPackage: KeyPackage, initPrivateKey: HpkePrivateKey, encryptionPrivateKey: HpkePrivateKey) {
    this.#keyPackage = keyPackage;
    this.#initPrivateKey = initPrivateKey;
    this.#encryptionPrivateKey = encryptionPrivateKey;
  }

  /** The public part, to be published. */
  keyPackage(): KeyPackage {
    return this.#keyPackage;
  }

  /** Opens the Welcome. */
  initPrivateKey(): HpkePrivateKey {
    return this.#initPrivateKey;
  }

  /** The private key of the leaf, with which the client enters the ratchet tree. */
  encryptionPrivateKey(): HpkePrivateKey {
    return this.#encryptionPrivateKey;
  }

  /** Never the secrets. */
  toString(): string {
    return "KeyPackageBundle(secret)";
  }

  /** Never the secrets. */
  toJSON(): string {
    return this.toString();
  }
}
