import { toHex } from "../codec/byte-strings.ts";
import type { KeyPackageBundle } from "./key-package-bundle.ts";
import type { KeyPackageRef } from "./key-package-ref.ts";

/**
 * Where an application keeps its bundles until a Welcome names one by its reference. What is written holds private
 * keys: keep it as secret as any. A rejection is a fault of the storage.
 */
export type KeyPackageStorage = {
  writeKeyPackage(ref: KeyPackageRef, bundle: KeyPackageBundle): Promise<void>;
  readKeyPackage(ref: KeyPackageRef): Promise<KeyPackageBundle | undefined>;
  /** After its one use (RFC 9420 §16.8); a reference that is not there is no error. */
  deleteKeyPackage(ref: KeyPackageRef): Promise<void>;
};

/** Bundles that live as long as the process. */
export class InMemoryKeyPackageStorage implements KeyPackageStorage {
  readonly #bundles = new Map<string, KeyPackageBundle>();

  async writeKeyPackage(ref: KeyPackageRef, bundle: KeyPackageBundle): Promise<void> {
    this.#bundles.set(toHex(ref.asSlice()), bundle);
  }

  async readKeyPackage(ref: KeyPackageRef): Promise<KeyPackageBundle | undefined> {
    return this.#bundles.get(toHex(ref.asSlice()));
  }

  async deleteKeyPackage(ref: KeyPackageRef): Promise<void> {
    this.#bundles.delete(toHex(ref.asSlice()));
  }
}
