import type { RefusalCode } from "./refusal.ts";

/** What admission vouches for; it fits what the pool stores, of which admission knows nothing. */
export type AdmittedKeyPackage = {
  /** KeyPackageRef, RFC 9420 §5.2. */
  readonly ref: Uint8Array;
  /** The bare KeyPackage exactly as received, in a buffer of its own. */
  readonly bytes: Uint8Array;
  readonly ciphersuite: number;
  readonly signatureScheme: number;
  readonly signatureKey: Uint8Array;
  readonly initKey: Uint8Array;
  readonly encryptionKey: Uint8Array;
  /** Unix seconds, clamped to Number.MAX_SAFE_INTEGER. */
  readonly notAfter: number;
  readonly lastResort: boolean;
  /** Sorted, unique, GREASE removed: what a claim's required capabilities are compared with. */
  readonly capabilities: {
    readonly extensions: readonly number[];
    readonly proposals: readonly number[];
    readonly credentials: readonly number[];
  };
};

/** Not quite RFC 9420, but so widespread that refusing it would lock clients out. */
export type AdmissionWarning = "default_type_listed";

export type AdmissionVerdict =
  | { readonly ok: true; readonly keyPackage: AdmittedKeyPackage; readonly warnings: readonly AdmissionWarning[] }
  | { readonly ok: false; readonly code: RefusalCode; readonly detail: string };
