import { CredentialType } from "../codec/code-points.ts";
import { Credential } from "./credential.ts";

/** `opaque identity<V>`, RFC 9420 §5.3: a bare assertion, which the application must check by other means. */
export class BasicCredential {
  readonly #identity: Uint8Array;

  /** Text is encoded as UTF-8. */
  constructor(identity: Uint8Array | string) {
    this.#identity = typeof identity === "string" ? new TextEncoder().encode(identity) : identity;
  }

  /** Undefined for a credential of another type. */
  static fromCredential(credential: Credential): BasicCredential | undefined {
    if (credential.credentialType() !== CredentialType.Basic) return undefined;
    return new BasicCredential(credential.serializedContent());
  }

  /** The identity, whose meaning is the application's (RFC 9420 §5.3.1). */
  identity(): Uint8Array {
    return this.#identity;
  }

  /** As the Credential of a leaf node, type 1 (RFC 9420 §17.5). */
  toCredential(): Credential {
    return new Credential(CredentialType.Basic, this.#identity);
  }
}
