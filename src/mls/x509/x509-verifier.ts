import type { SignatureScheme } from "../ciphersuite.ts";
import type { Credential } from "../credentials/credential.ts";
import type { Result } from "../result.ts";

/** Why an x509 credential is not accepted. */
export type X509Error = {
  readonly code:
    | "Malformed"
    | "SchemeMismatch"
    | "KeyMismatch"
    | "NotForSignatures"
    | "NotYetValid"
    | "Expired"
    | "UnknownCriticalExtension"
    | "NotAnAuthority"
    | "NameNotPermitted"
    | "Weak"
    | "InvalidSignature"
    | "Untrusted";
  readonly message: string;
};

/** The names in a verified certificate; the application decides what they mean (RFC 9420 §5.3.1). */
export type X509Identity = {
  /** The distinguished name as text, RFC 4514. */
  readonly subject: string;
  /** Subject alternative names: `dns`, `url`, `email` and others, as text. */
  readonly alternativeNames: readonly { readonly type: string; readonly value: string }[];
  /** When the first certificate of the path ends, the anchor's among them, in unix seconds. */
  readonly notAfter: number;
};

/** Verifies x509 credentials against configured anchors: `x509Verifier` of x509-chain.ts, or another implementation. */
export type X509Verifier = (question: {
  readonly credential: Credential;
  readonly signatureScheme: SignatureScheme;
  readonly signatureKey: Uint8Array;
  /** Unix seconds. */
  readonly now: number;
}) => Promise<Result<X509Identity, X509Error>>;
