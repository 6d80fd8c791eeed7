import { Writer } from "../../../src/mls/codec/writer.ts";
import type { KeyPackageIn } from "../../../src/mls/key-package/key-package-in.ts";
import { encodeLeafNodeTbs, type LeafNode } from "../../../src/mls/leaf-node/leaf-node.ts";

/** A KeyPackage written anew from its decoded fields: the same bytes, if decoding took exactly one encoding. */
export function reencode(received: KeyPackageIn): Uint8Array {
  const { protocolVersion, ciphersuite, initKey, leafNode, extensions } = received.unverified();
  const writer = new Writer()
    .u16(protocolVersion)
    .u16(ciphersuite)
    .opaque(initKey.asSlice())
    .raw(encodeLeafNodeTbs(fieldsOf(leafNode)))
    .opaque(leafNode.signature());
  extensions.encode(writer);
  return writer.opaque(received.signatureItems().keyPackage.signature).finish();
}

function fieldsOf(leafNode: LeafNode) {
  return {
    encryptionKey: leafNode.encryptionKey(),
    signatureKey: leafNode.signatureKey(),
    credential: leafNode.credential(),
    capabilities: leafNode.capabilities(),
    source: leafNode.leafNodeSource(),
    extensions: leafNode.extensions(),
  };
}
