import { isDefaultExtensionType } from "../codec/code-points.ts";
import type { Reader } from "../codec/reader.ts";
import { Writer } from "../codec/writer.ts";
import { Credential } from "../credentials/credential.ts";
import { HpkePublicKey, SignaturePublicKey } from "../keys/key-types.ts";
import { Capabilities } from "./capabilities.ts";
import { Extensions, type Placement } from "./extensions.ts";
import { Lifetime } from "./lifetime.ts";

const SOURCE_KEY_PACKAGE = 1;
const SOURCE_UPDATE = 2;
const SOURCE_COMMIT = 3;

/** `LeafNodeSource leaf_node_source` and the field it selects, RFC 9420 §7.2. */
export type LeafNodeSource =
  | { readonly kind: "key_package"; readonly lifetime: Lifetime }
  | { readonly kind: "update" }
  | { readonly kind: "commit"; readonly parentHash: Uint8Array };

/** The signed fields of a leaf. Sources other than key_package also sign the group's context. */
export type LeafNodeFields = {
  readonly encryptionKey: HpkePublicKey;
  readonly signatureKey: SignaturePublicKey;
  readonly credential: Credential;
  readonly capabilities: Capabilities;
  readonly source: LeafNodeSource;
  readonly extensions: Extensions<"LeafNode">;
};

/**
 * ```
 * struct { HPKEPublicKey encryption_key;  SignaturePublicKey signature_key;  Credential credential;
 *          Capabilities capabilities;  LeafNodeSource leaf_node_source;
 *          select (leaf_node_source) { key_package: Lifetime lifetime;  update: struct {};  commit: opaque parent_hash<V>; };
 *          Extension extensions<V>;
 *          opaque signature<V>;            // SignWithLabel(., "LeafNodeTBS", LeafNodeTBS)
 * } LeafNode;                              // RFC 9420 §7.2
 * ```
 */
export class LeafNode {
  readonly #fields: LeafNodeFields;
  readonly #signature: Uint8Array;
  readonly #tbs: Uint8Array;

  private constructor(fields: LeafNodeFields, signature: Uint8Array, tbs: Uint8Array) {
    this.#fields = fields;
    this.#signature = signature;
    this.#tbs = tbs;
  }

  /** A leaf of a KeyPackage from its fields and the signature over `encodeLeafNodeTbs` of them. */
  static signed(fields: LeafNodeFields, signature: Uint8Array): LeafNode {
    return new LeafNode(fields, signature, encodeLeafNodeTbs(fields));
  }

  /** Reads one; the reader says whether it failed. */
  static decode(reader: Reader): LeafNode {
    const start = reader.position;
    const encryptionKey = new HpkePublicKey(reader.opaque());
    const signatureKey = new SignaturePublicKey(reader.opaque());
    const credential = Credential.decode(reader);
    const capabilities = Capabilities.decode(reader);
    const source = decodeSource(reader);
    const extensions = Extensions.decode(reader, "LeafNode");
    const tbs = reader.slice(start, reader.position);
    const fields = { encryptionKey, signatureKey, credential, capabilities, source, extensions };
    return new LeafNode(fields, reader.opaque(), tbs);
  }

  /** Writes the struct, with its signature. */
  encode(writer: Writer): void {
    writer.raw(this.#tbs).opaque(this.#signature);
  }

  /** `encryption_key`. */
  encryptionKey(): HpkePublicKey {
    return this.#fields.encryptionKey;
  }

  /** `signature_key`. */
  signatureKey(): SignaturePublicKey {
    return this.#fields.signatureKey;
  }

  /** `credential`. */
  credential(): Credential {
    return this.#fields.credential;
  }

  /** `capabilities`. */
  capabilities(): Capabilities {
    return this.#fields.capabilities;
  }

  /** `leaf_node_source`, with the field that it selects. */
  leafNodeSource(): LeafNodeSource {
    return this.#fields.source;
  }

  /** Only a leaf of a KeyPackage has one. */
  lifeTime(): Lifetime | undefined {
    return this.#fields.source.kind === "key_package" ? this.#fields.source.lifetime : undefined;
  }

  /** `extensions` of the leaf. */
  extensions(): Extensions<"LeafNode"> {
    return this.#fields.extensions;
  }

  /** `signature`, over `tbs` where the source is key_package. */
  signature(): Uint8Array {
    return this.#signature;
  }

  /** LeafNodeTBS of a leaf of a KeyPackage, byte for byte as received. */
  tbs(): Uint8Array {
    return this.#tbs;
  }
}

/** Types of a list, other than the default ones, that the leaf's capabilities do not list (RFC 9420 §7.2). */
export function unlistedTypes(extensions: Extensions<Placement | "Received">, leafNode: LeafNode): number[] {
  const listed = new Set(leafNode.capabilities().extensions());
  return extensions.types().filter((type) => !isDefaultExtensionType(type) && !listed.has(type));
}

/** LeafNodeTBS, RFC 9420 §7.2, for source key_package: with the other two, a group's context would follow. */
export function encodeLeafNodeTbs(fields: LeafNodeFields): Uint8Array {
  const writer = new Writer();
  writer.opaque(fields.encryptionKey.asSlice()).opaque(fields.signatureKey.asSlice());
  fields.credential.encode(writer);
  fields.capabilities.encode(writer);
  encodeSource(writer, fields.source);
  fields.extensions.encode(writer);
  return writer.finish();
}

function decodeSource(reader: Reader): LeafNodeSource {
  const source = reader.u8();
  switch (source) {
    case SOURCE_KEY_PACKAGE:
      return { kind: "key_package", lifetime: Lifetime.decode(reader) };
    case SOURCE_COMMIT:
      return { kind: "commit", parentHash: reader.opaque() };
    default:
      if (source !== SOURCE_UPDATE) reader.fail("UnknownValue", `unknown leaf_node_source ${source}`);
      return { kind: "update" };
  }
}

function encodeSource(writer: Writer, source: LeafNodeSource): void {
  switch (source.kind) {
    case "key_package":
      writer.u8(SOURCE_KEY_PACKAGE);
      source.lifetime.encode(writer);
      return;
    case "update":
      writer.u8(SOURCE_UPDATE);
      return;
    case "commit":
      writer.u8(SOURCE_COMMIT).opaque(source.parentHash);
  }
}
