import { CredentialType, isGrease, ProtocolVersion } from "../codec/code-points.ts";
import type { Reader } from "../codec/reader.ts";
import type { Writer } from "../codec/writer.ts";
import { at } from "../crypto/at.ts";
import type { CryptoProvider } from "../crypto/provider.ts";
import { RFC_9420, type SuiteProfile } from "../suite-profile.ts";

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
 * Unknown values are kept: receivers ignore them.
 */
export class Capabilities {
  readonly #lists: CapabilityLists;

  /** A list that is left out has OpenMLS's default: mls10, suites 1 to 3, basic credentials, nothing else. */
  constructor(lists: Partial<CapabilityLists> = {}) {
    this.#lists = { ...DEFAULTS, ...lists };
  }

  /** Starts from the defaults. */
  static builder(): CapabilitiesBuilder {
    return new CapabilitiesBuilder({});
  }

  /** Five empty lists. */
  static empty(): Capabilities {
    return new Capabilities({ versions: [], ciphersuites: [], extensions: [], proposals: [], credentials: [] });
  }

  /** The defaults, with every suite of the profile that the provider supports. */
  static forProvider(crypto: CryptoProvider, profile: SuiteProfile = RFC_9420): Capabilities {
    const suites = profile.suites.filter((suite) => crypto.supports(suite, "make"));
    return new Capabilities({ ciphersuites: suites.map(({ ciphersuite }) => ciphersuite) });
  }

  /** Reads one; the reader says whether it failed. */
  static decode(reader: Reader): Capabilities {
    const versions = reader.u16s();
    const ciphersuites = reader.u16s();
    const extensions = reader.u16s();
    const proposals = reader.u16s();
    const credentials = reader.u16s();
    return new Capabilities({ versions, ciphersuites, extensions, proposals, credentials });
  }

  /** Writes the struct. */
  encode(writer: Writer): void {
    const { versions, ciphersuites, extensions, proposals, credentials } = this.#lists;
    writer.u16s(versions).u16s(ciphersuites).u16s(extensions).u16s(proposals).u16s(credentials);
  }

  /** Protocol versions (RFC 9420 §17). */
  versions(): readonly number[] {
    return this.#lists.versions;
  }

  /** `cipher_suites` (RFC 9420 §17.1). */
  ciphersuites(): readonly number[] {
    return this.#lists.ciphersuites;
  }

  /** Extension types; the default ones need not be listed (RFC 9420 §7.2, §17.3). */
  extensions(): readonly number[] {
    return this.#lists.extensions;
  }

  /** Proposal types; the default ones need not be listed (RFC 9420 §7.2, §17.4). */
  proposals(): readonly number[] {
    return this.#lists.proposals;
  }

  /** Credential types, of which none is default (RFC 9420 §17.5). */
  credentials(): readonly number[] {
    return this.#lists.credentials;
  }

  /** A copy with the values of `more` added at the end of each list, except those already in it. */
  including(more: Partial<CapabilityLists>): Capabilities {
    const add = (list: readonly number[], values: readonly number[] = []) => [...new Set([...list, ...values])];
    return new Capabilities({
      versions: add(this.#lists.versions, more.versions),
      ciphersuites: add(this.#lists.ciphersuites, more.ciphersuites),
      extensions: add(this.#lists.extensions, more.extensions),
      proposals: add(this.#lists.proposals, more.proposals),
      credentials: add(this.#lists.credentials, more.credentials),
    });
  }

  /**
   * A copy with one GREASE value in each list that may have one (RFC 9420 §13.5: all but the versions) and has none.
   * `random` returns that many random bytes.
   */
  withGrease(random: (length: number) => Uint8Array): Capabilities {
    const grease = (list: readonly number[]) => (list.some(isGrease) ? [] : [greaseValue(at(random(1), 0))]);
    const { ciphersuites, extensions, proposals, credentials } = this.#lists;
    return this.including({
      ciphersuites: grease(ciphersuites),
      extensions: grease(extensions),
      proposals: grease(proposals),
      credentials: grease(credentials),
    });
  }
}

const DEFAULTS: CapabilityLists = {
  versions: [ProtocolVersion.Mls10],
  ciphersuites: [1, 2, 3],
  extensions: [],
  proposals: [],
  credentials: [CredentialType.Basic],
};

/** One of the fifteen values 0x0A0A, 0x1A1A … 0xEAEA. */
function greaseValue(randomByte: number): number {
  return 0x0a0a + 0x1010 * (randomByte % 15);
}

/** Sets lists one by one; a list that is not set keeps its default. Every setter returns a new builder. */
export class CapabilitiesBuilder {
  readonly #lists: Partial<CapabilityLists>;

  constructor(lists: Partial<CapabilityLists>) {
    this.#lists = lists;
  }

  /** Instead of mls10 alone. */
  versions(versions: readonly number[]): CapabilitiesBuilder {
    return new CapabilitiesBuilder({ ...this.#lists, versions });
  }

  /** Instead of suites 1 to 3. */
  ciphersuites(ciphersuites: readonly number[]): CapabilitiesBuilder {
    return new CapabilitiesBuilder({ ...this.#lists, ciphersuites });
  }

  /** Instead of none. */
  extensions(extensions: readonly number[]): CapabilitiesBuilder {
    return new CapabilitiesBuilder({ ...this.#lists, extensions });
  }

  /** Instead of none. */
  proposals(proposals: readonly number[]): CapabilitiesBuilder {
    return new CapabilitiesBuilder({ ...this.#lists, proposals });
  }

  /** Instead of basic alone. */
  credentials(credentials: readonly number[]): CapabilitiesBuilder {
    return new CapabilitiesBuilder({ ...this.#lists, credentials });
  }

  /** The lists that were set, and defaults for the others. */
  build(): Capabilities {
    return new Capabilities(this.#lists);
  }
}
