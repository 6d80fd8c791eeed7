import type { Ciphersuite } from "../ciphersuite.ts";
import type { CryptoProvider } from "../crypto/provider.ts";
import type { KeyPackageExtensionSupportError } from "../errors.ts";
import type { InitKey } from "../keys/init-key.ts";
import type { Extensions } from "../leaf-node/extensions.ts";
import type { LeafNode } from "../leaf-node/leaf-node.ts";
import type { Lifetime } from "../leaf-node/lifetime.ts";
import { err, ok, type Result } from "../result.ts";
import { KeyPackageBuilder } from "./key-package-builder.ts";
import type { KeyPackageParts } from "./key-package-parts.ts";
import { type KeyPackageRef, makeKeyPackageRef } from "./key-package-ref.ts";
import type { KeyPackageTbs } from "./key-package-tbs.ts";
import { encodeMlsMessage } from "./mls-message.ts";

/**
 * ```
 * struct { KeyPackageTBS;  opaque signature<V>; } KeyPackage;   // RFC 9420 §10
 * ```
 * A KeyPackage that was validated (`KeyPackageIn.validate`) or built here (`KeyPackage.builder()`). Its encoding, and
 * with it its reference, are the very bytes that were received.
 */
export class KeyPackage {
  readonly #parts: KeyPackageParts;

  /** For the library itself: the caller vouches for the parts. */
  constructor(parts: KeyPackageParts) {
    this.#parts = parts;
  }

  /** Makes one: see `KeyPackageBuilder`. */
  static builder(): KeyPackageBuilder {
    return new KeyPackageBuilder((parts) => new KeyPackage(parts));
  }

  /** What was signed. */
  tbs(): KeyPackageTbs {
    return this.#parts.tbs;
  }

  /** `cipher_suite`. */
  ciphersuite(): Ciphersuite {
    return this.#parts.tbs.ciphersuite;
  }

  /** `leaf_node`: the client's place in any group that it is added to. */
  leafNode(): LeafNode {
    return this.#parts.tbs.leafNode;
  }

  /** `init_key`: what a Welcome is sealed to. */
  hpkeInitKey(): InitKey {
    return this.#parts.tbs.initKey;
  }

  /** `extensions` of the KeyPackage, not those of its leaf. */
  extensions(): Extensions<"KeyPackage"> {
    return this.#parts.tbs.extensions;
  }

  /** `leaf_node.lifetime` (RFC 9420 §7.2). */
  lifeTime(): Lifetime {
    return this.#parts.lifetime;
  }

  /** Over `tbs`, by the leaf's signature key. */
  signature(): Uint8Array {
    return this.#parts.signature;
  }

  /** Whether it may be used more than once: either encoding of draft-ietf-mls-extensions. */
  lastResort(): boolean {
    return this.#parts.tbs.extensions.lastResort();
  }

  /** KeyPackageRef, RFC 9420 §5.2. */
  hashRef(crypto: CryptoProvider): Promise<KeyPackageRef> {
    return makeKeyPackageRef(crypto, this.ciphersuite(), this.#parts.bytes);
  }

  /** As OpenMLS: every required type must stand in `KeyPackage.extensions`; capabilities are not asked. */
  checkExtensionSupport(required: Iterable<number>): Result<void, KeyPackageExtensionSupportError> {
    for (const extensionType of required) {
      if (!this.extensions().contains(extensionType)) {
        const message = "The key package does not support all required extensions.";
        return err({ code: "UnsupportedExtension", message, extensionType });
      }
    }
    return ok(undefined);
  }

  /** The bare KeyPackage. */
  tlsSerialize(): Uint8Array {
    return this.#parts.bytes.slice();
  }

  /** The KeyPackage as an MLSMessage, what travels as `message/mls` (RFC 9420 §6, §17.10). */
  toMlsMessage(): Uint8Array {
    return encodeMlsMessage(this.#parts.bytes);
  }
}
