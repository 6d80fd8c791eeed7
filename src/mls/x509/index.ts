/** X.509 credentials (RFC 9420 §5.3): an entry of its own, since it alone needs an ASN.1 library. */
export { OwnCertificateError } from "./own-certificate-error.ts";
export { type X509Options, x509Verifier } from "./x509-chain.ts";
export type { X509Error, X509Identity, X509Verifier } from "./x509-verifier.ts";
