import { CredentialType } from "../codec/code-points.ts";
import { Reader } from "../codec/reader.ts";
import { Writer } from "../codec/writer.ts";
import type { DecodeError } from "../errors.ts";
import { err, ok, type Result } from "../result.ts";
import { Credential } from "./credential.ts";

/**
 * ```
 * struct { opaque cert_data<V>; } Certificate;   Certificate certificates<V>;   // RFC 9420 §5.3
 * ```
 * A chain of DER certificates, the client's own first, each certifying the one before it. Their content is checked
 * elsewhere (x509-chain.ts), so that this class needs no X.509 library.
 */
export class X509Credential {
  readonly #certificates: readonly Uint8Array[];

  constructor(certificates: readonly Uint8Array[]) {
    this.#certificates = certificates;
  }

  /** Fails for a credential of another type, for an empty chain and for one that is not a list of certificates. */
  static fromCredential(credential: Credential): Result<X509Credential, DecodeError> {
    const reader = Reader.over(credential.serializedContent());
    if (credential.credentialType() !== CredentialType.X509) {
      reader.fail("UnknownValue", `credential type ${credential.credentialType()} is not x509`);
    }
    const certificates: Uint8Array[] = [];
    while (reader.remaining > 0) certificates.push(reader.opaque());
    if (certificates.length === 0) reader.fail("DecodingError", "the certificate chain is empty");
    return reader.failure === undefined ? ok(new X509Credential(certificates)) : err(reader.failure);
  }

  /** The chain, in order. */
  certificates(): readonly Uint8Array[] {
    return this.#certificates;
  }

  /** As the Credential of a leaf node, type 2 (RFC 9420 §17.5). */
  toCredential(): Credential {
    const writer = new Writer();
    for (const certificate of this.#certificates) writer.opaque(certificate);
    return new Credential(CredentialType.X509, writer.finish());
  }
}
