/**
 * Verification of x509 credentials (RFC 9420 §5.3, RFC 5280 §6.1). The X.509 library is loaded when the first
 * verifier is made. Certificate signatures are verified by the runtime's WebCrypto.
 */
import type { X509Certificate } from "@peculiar/x509";
import { SignatureScheme } from "../ciphersuite.ts";
import { toHex } from "../codec/byte-strings.ts";
import type { Credential } from "../credentials/credential.ts";
import { X509Credential } from "../credentials/x509-credential.ts";
import { err, ok, type Result } from "../result.ts";
import { provideReflectMetadata } from "./x509-reflect.ts";
import type { X509Error, X509Identity, X509Verifier } from "./x509-verifier.ts";

/** Certificates of one chain, the client's own included: each costs a signature verification. */
const MAX_CHAIN_CERTIFICATES = 6;

/** Critical extensions whose meaning is checked here or does not restrict a signature key (RFC 5280 §4.2). */
const UNDERSTOOD_EXTENSIONS: readonly string[] = ["2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.37"];

/** DER of SubjectPublicKeyInfo up to the key itself (RFC 5480 §2, RFC 8410 §4), in hex. */
const SPKI_PREFIXES: Readonly<Record<SignatureScheme, string>> = {
  [SignatureScheme.ed25519]: "302a300506032b6570032100",
  [SignatureScheme.ed448]: "3043300506032b6571033a00",
  [SignatureScheme.ecdsa_secp256r1_sha256]: "3059301306072a8648ce3d020106082a8648ce3d030107034200",
  [SignatureScheme.ecdsa_secp384r1_sha384]: "3076301006072a8648ce3d020106052b81040022036200",
  [SignatureScheme.ecdsa_secp521r1_sha512]: "30819b301006072a8648ce3d020106052b8104002303818600",
};

type Library = typeof import("@peculiar/x509");

async function loadLibrary(): Promise<Library> {
  provideReflectMetadata();
  return import("@peculiar/x509");
}

/**
 * A verifier that trusts these certificates (DER) and no others. An anchor may, but need not, end the chain that a
 * client sends. Rejects with RangeError for an anchor that is not a certificate: that is a fault of the deployment.
 */
export async function x509Verifier(anchors: readonly Uint8Array[]): Promise<X509Verifier> {
  const library = await loadLibrary();
  const trusted = anchors.map((anchor) => {
    const certificate = parse(library, anchor);
    if (certificate === undefined) throw new RangeError("expected trust anchors to be DER certificates");
    return certificate;
  });
  return async ({ credential, signatureScheme, signatureKey, now }) => {
    const chain = parseChain(library, credential);
    if (!chain.ok) return chain;
    const [leaf] = chain.value;
    const refusal =
      keyError(leaf, signatureScheme, signatureKey) ??
      usageError(library, leaf) ??
      (await chainError(library, chain.value, trusted, new Date(now * 1000)));
    return refusal === undefined ? ok(identityOf(library, leaf)) : err(refusal);
  };
}

type Chain = readonly [X509Certificate, ...X509Certificate[]];

function parse(library: Library, der: Uint8Array): X509Certificate | undefined {
  if (!isOneSequence(der)) return undefined;
  try {
    return new library.X509Certificate(Uint8Array.from(der));
  } catch {
    return undefined;
  }
}

/** A DER SEQUENCE with a long length that ends with the input: the parser would leave bytes after it unread. */
function isOneSequence(der: Uint8Array): boolean {
  const lengthBytes = (der[1] ?? 0) - 0x80;
  if (der[0] !== 0x30 || lengthBytes < 1 || lengthBytes > 3) return false;
  let length = 0;
  for (const byte of der.subarray(2, 2 + lengthBytes)) length = length * 256 + byte;
  return der.length === 2 + lengthBytes + length;
}

function parseChain(library: Library, credential: Credential): Result<Chain, X509Error> {
  const decoded = X509Credential.fromCredential(credential);
  if (!decoded.ok) return err({ code: "Malformed", message: decoded.error.message });
  const encoded = decoded.value.certificates();
  if (encoded.length > MAX_CHAIN_CERTIFICATES) {
    return err({ code: "Malformed", message: `expected at most ${MAX_CHAIN_CERTIFICATES} certificates` });
  }
  const [leaf, ...issuers] = encoded.map((der) => parse(library, der));
  if (leaf === undefined || issuers.includes(undefined)) {
    return err({ code: "Malformed", message: "a certificate of the chain is not DER of a certificate" });
  }
  return ok([leaf, ...issuers.filter((certificate) => certificate !== undefined)]);
}

/** The key of the client's certificate is the leaf node's, and of the suite's scheme. */
function keyError(leaf: X509Certificate, scheme: SignatureScheme, key: Uint8Array): X509Error | undefined {
  const spki = toHex(new Uint8Array(leaf.publicKey.rawData));
  const prefix = SPKI_PREFIXES[scheme];
  if (!spki.startsWith(prefix)) {
    return { code: "SchemeMismatch", message: "the certificate's key is of another scheme than the ciphersuite's" };
  }
  if (spki !== prefix + toHex(key)) {
    return { code: "KeyMismatch", message: "the certificate's key is not signature_key" };
  }
  return undefined;
}

function usageError(library: Library, leaf: X509Certificate): X509Error | undefined {
  const usages = leaf.getExtension(library.KeyUsagesExtension)?.usages;
  if (usages === undefined || usages & library.KeyUsageFlags.digitalSignature) return undefined;
  return { code: "NotForSignatures", message: "the certificate's key may not make digital signatures" };
}

async function chainError(
  library: Library,
  chain: Chain,
  anchors: readonly X509Certificate[],
  at: Date,
): Promise<X509Error | undefined> {
  for (const [i, certificate] of chain.entries()) {
    const own = validityError(certificate, at) ?? extensionError(certificate);
    if (own !== undefined) return own;
    if (anchors.some((anchor) => anchor.equal(certificate))) return undefined;
    const sent = chain[i + 1];
    const candidates = sent === undefined ? anchors : [sent];
    const issued = await issuerError(library, certificate, candidates, i, at);
    if (issued !== undefined) return issued;
  }
  return undefined;
}

/** Checks a certificate against the issuers that may have signed it; there are `below` issued certificates under it. */
async function issuerError(
  library: Library,
  certificate: X509Certificate,
  candidates: readonly X509Certificate[],
  below: number,
  at: Date,
): Promise<X509Error | undefined> {
  let reason: X509Error = { code: "Untrusted", message: "the chain ends at no trust anchor" };
  for (const issuer of candidates) {
    if (issuer.subject !== certificate.issuer) continue;
    const refusal = validityError(issuer, at) ?? authorityError(library, issuer, below);
    if (refusal !== undefined) reason = refusal;
    else if (await isSignedBy(certificate, issuer)) return undefined;
    else reason = { code: "InvalidSignature", message: "a certificate's signature does not verify" };
  }
  return reason;
}

function validityError(certificate: X509Certificate, at: Date): X509Error | undefined {
  if (at < certificate.notBefore) return { code: "NotYetValid", message: "a certificate is not valid yet" };
  if (at > certificate.notAfter) return { code: "Expired", message: "a certificate has expired" };
  return undefined;
}

function extensionError(certificate: X509Certificate): X509Error | undefined {
  const unknown = certificate.extensions.find(
    ({ critical, type }) => critical && !UNDERSTOOD_EXTENSIONS.includes(type),
  );
  if (unknown === undefined) return undefined;
  return { code: "UnknownCriticalExtension", message: `critical extension ${unknown.type} is not understood` };
}

/** RFC 5280 §6.1.4 (k) to (n): an authority, for a path of this length, that may sign certificates. */
function authorityError(library: Library, issuer: X509Certificate, below: number): X509Error | undefined {
  const constraints = issuer.getExtension(library.BasicConstraintsExtension);
  const usages = issuer.getExtension(library.KeyUsagesExtension)?.usages;
  const signs = usages === undefined || (usages & library.KeyUsageFlags.keyCertSign) !== 0;
  const reaches = constraints?.pathLength === undefined || below <= constraints.pathLength;
  if (constraints?.ca === true && signs && reaches) return undefined;
  return { code: "NotAnAuthority", message: "an issuer may not sign certificates here" };
}

async function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): Promise<boolean> {
  try {
    return await certificate.verify({ publicKey: issuer.publicKey, signatureOnly: true });
  } catch {
    return false;
  }
}

function identityOf(library: Library, leaf: X509Certificate): X509Identity {
  const names = leaf.getExtension(library.SubjectAlternativeNameExtension)?.names.items ?? [];
  return {
    subject: leaf.subject,
    alternativeNames: names.map(({ type, value }) => ({ type, value })),
  };
}
