import type { CapabilityLists } from "./capability-lists.ts";

/** What admission vouches for and the pool stores. Every field is in a buffer of its own, so that it can cross RPC. */
export type AdmittedKeyPackage = {
  /** KeyPackageRef, RFC 9420 §5.2. */
  readonly ref: Uint8Array;
  /** The bare KeyPackage exactly as received, without any MLSMessage around it. */
  readonly bytes: Uint8Array;
  readonly ciphersuite: number;
  /** TLS SignatureScheme number (RFC 8446 §4.2.3), as in the ciphersuites of RFC 9420 §17.1. */
  readonly signatureScheme: number;
  readonly signatureKey: Uint8Array;
  /** In the canonical encoding of their kind, so that two packages with one key have the same bytes here. */
  readonly initKey: Uint8Array;
  readonly encryptionKey: Uint8Array;
  /** Unix seconds, clamped to Number.MAX_SAFE_INTEGER. `notAfter` is the end of the lifetime, or of an x509 certificate before it. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly lastResort: boolean;
  /** Sorted, unique, GREASE removed: what a claim's required capabilities are compared with. */
  readonly capabilities: CapabilityLists;
};
