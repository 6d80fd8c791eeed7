import { ciphersuiteInfo, type Suite } from "../ciphersuite.ts";
import { copyOf, equalBytes, toHex } from "../codec/byte-strings.ts";
import { Writer } from "../codec/writer.ts";
import type { CryptoVerifier } from "../crypto/provider.ts";

/** `opaque HashReference<V>`, RFC 9420 §5.2: the digest, as long as the output of the suite's hash. */
export class KeyPackageRef {
  readonly #digest: Uint8Array;

  constructor(digest: Uint8Array) {
    this.#digest = digest;
  }

  /** The digest. */
  asSlice(): Uint8Array {
    return this.#digest;
  }

  /** The digest: a copy. */
  get bytes(): Uint8Array {
    return copyOf(this.#digest);
  }

  /** The same digest. */
  equals(other: KeyPackageRef): boolean {
    return equalBytes(this.#digest, other.#digest);
  }

  /** In the format of OpenMLS. */
  toString(): string {
    return `HashReference: ${toHex(this.#digest).toUpperCase()}`;
  }
}

/**
 * MakeKeyPackageRef, RFC 9420 §5.2: RefHash("MLS 1.0 KeyPackage Reference", KeyPackage) with the hash of the suite,
 * over the encoded KeyPackage with its signature, without any MLSMessage around it.
 */
export async function makeKeyPackageRef(
  crypto: CryptoVerifier,
  suite: Suite,
  keyPackage: Uint8Array,
): Promise<KeyPackageRef> {
  const label = new TextEncoder().encode("MLS 1.0 KeyPackage Reference");
  const input = new Writer().opaque(label).opaque(keyPackage).finish();
  return new KeyPackageRef(await crypto.hash(ciphersuiteInfo(suite).hash, input));
}
