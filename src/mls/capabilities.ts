import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** The five lists of a Capabilities, in order of the wire. */
export type CapabilityLists = {
  readonly versions: readonly number[];
  readonly ciphersuites: readonly number[];
  readonly extensions: readonly number[];
  readonly proposals: readonly number[];
  readonly credentials: readonly number[];
};

/**
 * ```
 * struct { ProtocolVersion versions<V>; CipherSuite cipher_suites<V>; ExtensionType extensions<V>;
 *          ProposalType proposals<V>; CredentialType credentials<V>; } Capabilities;   // RFC 9420 §7.2
 * ```
 * Unknown values stay as they are: receivers ignore them.
 */
export class Capabilities {
  readonly #lists: CapabilityLists;

  constructor(lists: CapabilityLists) {
    this.#lists = lists;
  }

  static decode(reader: Reader): Capabilities {
    const versions = reader.u16s();
    const ciphersuites = reader.u16s();
    const extensions = reader.u16s();
    const proposals = reader.u16s();
    const credentials = reader.u16s();
    return new Capabilities({ versions, ciphersuites, extensions, proposals, credentials });
  }

  encode(writer: Writer): void {
    const { versions, ciphersuites, extensions, proposals, credentials } = this.#lists;
    writer.u16s(versions).u16s(ciphersuites).u16s(extensions).u16s(proposals).u16s(credentials);
  }

  versions(): readonly number[] {
    return this.#lists.versions;
  }

  ciphersuites(): readonly number[] {
    return this.#lists.ciphersuites;
  }

  extensions(): readonly number[] {
    return this.#lists.extensions;
  }

  proposals(): readonly number[] {
    return this.#lists.proposals;
  }

  credentials(): readonly number[] {
    return this.#lists.credentials;
  }
}
