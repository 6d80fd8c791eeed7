import { equalBytes } from "../codec/byte-strings.ts";
import type { Reader } from "../codec/reader.ts";
import type { Writer } from "../codec/writer.ts";
import type { SignaturePublicKey } from "../keys/key-types.ts";

/**
 * ```
 * struct { CredentialType credential_type; opaque serialized_content<V>; } Credential;   // RFC 9420 §5.3
 * ```
 * Both bodies that RFC 9420 defines are one `<V>` (a basic identity, an x509 chain), and other implementations read
 * unknown types in the same way.
 */
export class Credential {
  readonly #type: number;
  readonly #content: Uint8Array;

  constructor(credentialType: number, serializedContent: Uint8Array) {
    this.#type = credentialType;
    this.#content = serializedContent;
  }

  /** Reads one; the reader says whether it failed. */
  static decode(reader: Reader): Credential {
    const type = reader.u16();
    return new Credential(type, reader.opaque());
  }

  /** Writes the struct. */
  encode(writer: Writer): void {
    writer.u16(this.#type).opaque(this.#content);
  }

  /** Any number: unknown types are legal here (RFC 9420 §17.5). */
  credentialType(): number {
    return this.#type;
  }

  /** The content of the vector: the identity of a basic credential, the certificates of an x509 one. */
  serializedContent(): Uint8Array {
    return this.#content;
  }

  /** The same type and content. */
  equals(other: Credential): boolean {
    return this.#type === other.#type && equalBytes(this.#content, other.#content);
  }
}

/** A credential and the signature key that it vouches for (RFC 9420 §5.3). */
export type CredentialWithKey = { readonly credential: Credential; readonly signatureKey: SignaturePublicKey };
