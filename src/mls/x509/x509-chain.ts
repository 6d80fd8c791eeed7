/**
 * Verification of x509 credentials (RFC 9420 §5.3, RFC 5280 §6.1). The X.509 library is loaded when the first
 * verifier is made. Certificate signatures are verified by the runtime's WebCrypto.
 */
import { type CurveScheme, isMlDsa, SignatureScheme } from "../ciphersuite.ts";
import { toHex } from "../codec/byte-strings.ts";
import type { Credential } from "../credentials/credential.ts";
import { X509Credential } from "../credentials/x509-credential.ts";
import { err, ok, type Result } from "../result.ts";
import { type Certificate, type Library, readCertificate } from "./certificate.ts";
import { forbiddenName } from "./name-constraints.ts";
import { OwnCertificateError } from "./own-certificate-error.ts";
import { provideReflectMetadata } from "./x509-reflect.ts";
import type { X509Error, X509Identity, X509Verifier } from "./x509-verifier.ts";

/** Certificates of one chain, the client's own included: this bounds the search for a path. */
const MAX_CHAIN_CERTIFICATES = 6;

/** Bytes of one chain, before anything in it is read. */
const MAX_CHAIN_BYTES = 32_768;

/** Critical extensions whose meaning is checked here or does not restrict a signature key (RFC 5280 §4.2). */
const UNDERSTOOD_EXTENSIONS: readonly string[] = ["2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.30", "2.5.29.37"];

/**
 * Extensions that restrict which paths are valid, critical or not (RFC 5280 §6.1.3, §6.1.4): policy constraints and
 * inhibit anyPolicy. They are not processed here, so a certificate with one is refused.
 */
const RESTRICTING_EXTENSIONS: readonly string[] = ["2.5.29.36", "2.5.29.54"];

/** DER of SubjectPublicKeyInfo up to the key itself (RFC 5480 §2, RFC 8410 §4), in hex. */
const SPKI_PREFIXES: Readonly<Record<CurveScheme, string>> = {
  [SignatureScheme.ed25519]: "302a300506032b6570032100",
  [SignatureScheme.ed448]: "3043300506032b6571033a00",
  [SignatureScheme.ecdsa_secp256r1_sha256]: "3059301306072a8648ce3d020106082a8648ce3d030107034200",
  [SignatureScheme.ecdsa_secp384r1_sha384]: "3076301006072a8648ce3d020106052b81040022036200",
  [SignatureScheme.ecdsa_secp521r1_sha512]: "30819b301006072a8648ce3d020106052b8104002303818600",
};

/**
 * Of extended key usages the one of who proves to be somebody, and any: a certificate that lists others only is for
 * something else (RFC 5280 §4.2.1.12). Authorities that list some are held to it for what they issue.
 */
const FITTING_PURPOSES: readonly string[] = ["1.3.6.1.5.5.7.3.2", "2.5.29.37.0"];

/** What an issuer may sign with: nothing that collides, and no RSA key that is too short. */
const FITTING_HASHES: readonly string[] = ["SHA-256", "SHA-384", "SHA-512"];
const MIN_RSA_BITS = 2048;

async function loadLibrary(): Promise<Library> {
  provideReflectMetadata();
  const [x509, asn1] = await Promise.all([import("@peculiar/x509"), import("asn1js")]);
  return { x509, asn1 };
}

export type X509Options = {
  /**
   * The only certificates (DER) that may be between a client's certificate and an anchor. They need not be sent, and
   * others that are sent are not looked at. Without it any authority under an anchor may be sent.
   */
  readonly intermediates?: readonly Uint8Array[] | undefined;
};

/**
 * A verifier that trusts these certificates (DER) and no others. A chain is accepted if any path leads from its first
 * certificate to an anchor, over certificates that follow in the order sent (RFC 9420 §5.3): an anchor may, but need not,
 * be among them, and what is sent beyond the path is not looked at. Anchors are held to the same checks as certificates
 * that were sent, so that leaving one out changes no verdict. Rejects with OwnCertificateError, a RangeError, for an
 * anchor or intermediate that is not a certificate: that is a fault of the deployment.
 */
export async function x509Verifier(
  anchors: readonly Uint8Array[],
  { intermediates }: X509Options = {},
): Promise<X509Verifier> {
  const library = await loadLibrary();
  const trusted = anchors.map((anchor) => parseOwn(library, anchor, "anchors"));
  const allowed = intermediates?.map((intermediate) => parseOwn(library, intermediate, "intermediates"));
  return async ({ credential, signatureScheme, signatureKey, now }) => {
    const chain = parseChain(library, credential);
    if (!chain.ok) return chain;
    const [leaf, ...sent] = chain.value;
    const refusal =
      keyError(leaf, signatureScheme, signatureKey) ?? usageError(library, leaf) ?? purposeError(library, leaf);
    if (refusal !== undefined) return err(refusal);
    const search = {
      library,
      anchors: trusted,
      inOrder: allowed === undefined,
      at: new Date(now * 1000),
      signed: new Map(),
    };
    const end = await pathEnd(search, [leaf], allowed ?? sent);
    return end.ok ? ok(identityOf(library, leaf, end.value)) : end;
  };
}

function parseOwn(library: Library, der: Uint8Array, of: OwnCertificateError["of"]): Certificate {
  const certificate = readCertificate(library, der);
  if (!certificate.ok) {
    throw new OwnCertificateError(of, `expected ${of} to be DER certificates: ${certificate.error.message}`);
  }
  return certificate.value;
}

type Chain = readonly [Certificate, ...Certificate[]];

function parseChain(library: Library, credential: Credential): Result<Chain, X509Error> {
  const decoded = X509Credential.fromCredential(credential);
  if (!decoded.ok) return err({ code: "Malformed", message: decoded.error.message });
  const encoded = decoded.value.certificates();
  if (encoded.length > MAX_CHAIN_CERTIFICATES) {
    return err({ code: "Malformed", message: `expected at most ${MAX_CHAIN_CERTIFICATES} certificates` });
  }
  if (encoded.reduce((sum, { length }) => sum + length, 0) > MAX_CHAIN_BYTES) {
    return err({ code: "Malformed", message: `expected certificates of at most ${MAX_CHAIN_BYTES} bytes in all` });
  }
  const chain: Certificate[] = [];
  for (const der of encoded) {
    const certificate = readCertificate(library, der);
    if (!certificate.ok) return certificate;
    chain.push(certificate.value);
  }
  const [leaf, ...sent] = chain;
  return leaf ? ok([leaf, ...sent]) : err({ code: "Malformed", message: "expected at least one certificate" });
}

/** The key of the client's certificate is the leaf node's, and of the suite's scheme. */
function keyError({ x509: leaf }: Certificate, scheme: SignatureScheme, key: Uint8Array): X509Error | undefined {
  const spki = toHex(new Uint8Array(leaf.publicKey.rawData));
  // Certificates with ML-DSA keys (RFC 9881) are not read here.
  const prefix = isMlDsa(scheme) ? undefined : SPKI_PREFIXES[scheme];
  if (prefix === undefined || !spki.startsWith(prefix)) {
    return { code: "SchemeMismatch", message: "the certificate's key is of another scheme than the ciphersuite's" };
  }
  if (spki !== prefix + toHex(key)) {
    return { code: "KeyMismatch", message: "the certificate's key is not signature_key" };
  }
  return undefined;
}

function usageError({ x509 }: Library, leaf: Certificate): X509Error | undefined {
  const usages = leaf.x509.getExtension(x509.KeyUsagesExtension)?.usages;
  if (usages === undefined || usages & x509.KeyUsageFlags.digitalSignature) return undefined;
  return { code: "NotForSignatures", message: "the certificate's key may not make digital signatures" };
}

function purposeError({ x509 }: Library, certificate: Certificate): X509Error | undefined {
  const purposes = certificate.x509.getExtension(x509.ExtendedKeyUsageExtension)?.usages;
  if (purposes === undefined || purposes.some((purpose) => FITTING_PURPOSES.includes(String(purpose))))
    return undefined;
  return { code: "NotForSignatures", message: "a certificate is for other purposes than client authentication" };
}

/** The search for a path from a chain's first certificate to an anchor. */
type Search = {
  readonly library: Library;
  readonly anchors: readonly Certificate[];
  /** Whether an issuer follows what it issued, as in a chain that was sent. */
  readonly inOrder: boolean;
  readonly at: Date;
  /** Verdicts on signatures, by certificate and issuer: several paths may need one. */
  readonly signed: Map<Certificate, Map<Certificate, boolean>>;
};

/** From the client's certificate up to the one whose issuer is looked for. */
type Path = readonly [Certificate, ...Certificate[]];

/**
 * When, in milliseconds, the first certificate ends of a path that goes on to an anchor; or why there is none. Issuers
 * are searched among the anchors first, so that the shortest path is found, then among `others`. Of certificates that
 * were sent that is at most 32 paths, and one signature for each pair of certificates.
 */
async function pathEnd(search: Search, path: Path, others: readonly Certificate[]): Promise<Result<number, X509Error>> {
  const { anchors, at } = search;
  const certificate = path.at(-1) ?? path[0];
  const own = certificateError(certificate, at);
  if (own !== undefined) return err(own);
  if (anchors.some((anchor) => anchor.x509.equal(certificate.x509))) return ok(certificate.x509.notAfter.getTime());
  let reason: X509Error = { code: "Untrusted", message: "no path leads to a trust anchor" };
  if (path.length >= MAX_CHAIN_CERTIFICATES) return err(reason);
  const candidates = [...anchors, ...others];
  for (const [number, issuer] of candidates.entries()) {
    if (!isNamedAsIssuer(search.library, certificate, issuer)) continue;
    const refusal =
      certificateError(issuer, at) ??
      authorityError(search.library, issuer, path) ??
      namesError(issuer, path) ??
      (await signatureError(search, certificate, issuer));
    const beyond =
      refusal !== undefined
        ? err(refusal)
        : number < anchors.length
          ? ok(issuer.x509.notAfter.getTime())
          : await pathEnd(search, [...path, issuer], without(search, others, number - anchors.length));
    if (beyond.ok) return ok(Math.min(beyond.value, certificate.x509.notAfter.getTime()));
    if (beyond.error.code !== "Untrusted") reason = beyond.error;
  }
  return err(reason);
}

/** By its name and, where both certificates say it, the identifier of its key: namesakes cost no signature. */
function isNamedAsIssuer({ x509 }: Library, certificate: Certificate, issuer: Certificate): boolean {
  if (certificate.issuer !== issuer.subject) return false;
  const wanted = certificate.x509.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId;
  const has = issuer.x509.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
  return wanted === undefined || has === undefined || wanted === has;
}

/** What may issue the certificate at `index`: no path goes through a certificate twice. */
const without = ({ inOrder }: Search, others: readonly Certificate[], index: number): readonly Certificate[] =>
  inOrder ? others.slice(index + 1) : others.toSpliced(index, 1);

function certificateError(certificate: Certificate, at: Date): X509Error | undefined {
  return validityError(certificate, at) ?? extensionError(certificate);
}

async function signatureError(
  { signed }: Search,
  certificate: Certificate,
  issuer: Certificate,
): Promise<X509Error | undefined> {
  const weakness = weaknessError(certificate, issuer);
  if (weakness !== undefined) return weakness;
  const byIssuer = signed.get(certificate) ?? new Map<Certificate, boolean>();
  const verdict = byIssuer.get(issuer) ?? (await isSignedBy(certificate, issuer));
  signed.set(certificate, byIssuer.set(issuer, verdict));
  if (verdict) return undefined;
  return { code: "InvalidSignature", message: "a certificate's signature does not verify" };
}

/** Of the certificate the signature's hash, if it names one, and of the issuer the key's length, if it is RSA. */
function weaknessError(certificate: Certificate, issuer: Certificate): X509Error | undefined {
  const hash = signatureHash(certificate);
  if (typeof hash === "string" && !FITTING_HASHES.includes(hash)) {
    return { code: "Weak", message: `a certificate is signed with ${hash}` };
  }
  const bits: unknown = Object(issuer.x509.publicKey.algorithm).modulusLength;
  if (typeof bits === "number" && bits < MIN_RSA_BITS) {
    return { code: "Weak", message: `expected RSA keys of at least ${MIN_RSA_BITS} bits` };
  }
  return undefined;
}

/** Undefined also for an algorithm whose parameters cannot be read: no signature verifies with it. */
function signatureHash({ x509 }: Certificate): unknown {
  try {
    return Object(x509.signatureAlgorithm).hash?.name;
  } catch {
    return undefined;
  }
}

function validityError({ x509: { notBefore, notAfter } }: Certificate, at: Date): X509Error | undefined {
  // Asked this way round, a time that is not a date is in no validity.
  if (!(at >= notBefore)) return { code: "NotYetValid", message: "a certificate is not valid yet" };
  if (!(at <= notAfter)) return { code: "Expired", message: "a certificate has expired" };
  return undefined;
}

function extensionError({ x509: { extensions } }: Certificate): X509Error | undefined {
  const refused = extensions.find(
    ({ critical, type }) =>
      RESTRICTING_EXTENSIONS.includes(type) || (critical && !UNDERSTOOD_EXTENSIONS.includes(type)),
  );
  if (refused === undefined) return undefined;
  return {
    code: "UnknownCriticalExtension",
    message: `extension ${refused.type} of a certificate is not processed here`,
  };
}

/**
 * RFC 5280 §6.1.4 (k) to (n): an authority, for a path of this length, that may sign certificates. Certificates that an
 * authority issues to itself do not count, the client's does not either.
 */
function authorityError(library: Library, issuer: Certificate, [, ...between]: Path): X509Error | undefined {
  const constraints = issuer.x509.getExtension(library.x509.BasicConstraintsExtension);
  const usages = issuer.x509.getExtension(library.x509.KeyUsagesExtension)?.usages;
  const signs = usages === undefined || (usages & library.x509.KeyUsageFlags.keyCertSign) !== 0;
  const length = between.filter((certificate) => !isSelfIssued(certificate)).length;
  const reaches = constraints?.pathLength === undefined || length <= constraints.pathLength;
  if (constraints?.ca === true && signs && reaches) return purposeError(library, issuer);
  return { code: "NotAnAuthority", message: "an issuer may not sign certificates here" };
}

const isSelfIssued = ({ issuer, subject }: Certificate): boolean => issuer === subject;

/**
 * RFC 5280 §6.1.3 (b) and (c): every certificate below has the names that the issuer may give. One that an authority
 * issued to itself is left out, unless it is the client's.
 */
function namesError({ constraints }: Certificate, path: Path): X509Error | undefined {
  if (constraints === undefined) return undefined;
  const bound = path.filter((certificate, i) => i === 0 || !isSelfIssued(certificate));
  for (const { names } of bound) {
    const forbidden = forbiddenName(constraints, names);
    if (forbidden === undefined) continue;
    const { name, problem } = forbidden;
    return {
      code: "NameNotPermitted",
      message: `a name of form ${name.form} ${problem} by an authority's constraints`,
    };
  }
  return undefined;
}

async function isSignedBy({ x509: certificate }: Certificate, { x509: issuer }: Certificate): Promise<boolean> {
  try {
    return await certificate.verify({ publicKey: issuer.publicKey, signatureOnly: true });
  } catch {
    return false;
  }
}

function identityOf({ x509 }: Library, { x509: leaf }: Certificate, endMs: number): X509Identity {
  const names = leaf.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  return {
    subject: leaf.subject,
    alternativeNames: names.map(({ type, value }) => ({ type, value })),
    notAfter: Math.floor(endMs / 1000),
  };
}
