import type { Lifetime } from "../leaf-node/lifetime.ts";
import type { KeyPackageTbs } from "./key-package-tbs.ts";

/** What made a KeyPackage: its content, what the signature covers as bytes, the signature, and the whole. */
export type KeyPackageParts = {
  readonly tbs: KeyPackageTbs;
  readonly lifetime: Lifetime;
  readonly signature: Uint8Array;
  /** The encoded KeyPackage, as received or as built. */
  readonly bytes: Uint8Array;
};
