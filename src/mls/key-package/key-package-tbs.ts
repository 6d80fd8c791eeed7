import type { Ciphersuite } from "../ciphersuite.ts";
import { Writer } from "../codec/writer.ts";
import type { InitKey } from "../keys/init-key.ts";
import type { Placement } from "../leaf-node/extension.ts";
import type { Extensions } from "../leaf-node/extensions.ts";
import type { LeafNode } from "../leaf-node/leaf-node.ts";

/**
 * ```
 * struct { ProtocolVersion version;  CipherSuite cipher_suite;  HPKEPublicKey init_key;
 *          LeafNode leaf_node;  Extension extensions<V>; } KeyPackageTBS;   // RFC 9420 §10
 * ```
 * What the signature of a KeyPackage covers.
 */
export type KeyPackageTbs<P extends Placement | "Received" = "KeyPackage"> = {
  /** Any number in what was received and not validated; 1 after. */
  readonly protocolVersion: number;
  readonly ciphersuite: Ciphersuite;
  readonly initKey: InitKey;
  readonly leafNode: LeafNode;
  readonly extensions: Extensions<P>;
};

/** The bytes that the signature of a KeyPackage covers (RFC 9420 §10). */
export function encodeKeyPackageTbs(tbs: KeyPackageTbs<Placement>): Uint8Array {
  const writer = new Writer().u16(tbs.protocolVersion).u16(tbs.ciphersuite).opaque(tbs.initKey.asSlice());
  tbs.leafNode.encode(writer);
  tbs.extensions.encode(writer);
  return writer.finish();
}
