/**
 * Verification of x509 credentials (RFC 9420 §5.3, RFC 5280 §6.1). The X.509 library is loaded when the first
 * verifier is made. Certificate signatures are verified by the runtime's WebCrypto.
 */
import type { X509Certificate } from "@peculiar/x509";
import { type CurveScheme, isMlDsa, SignatureScheme } from "../ciphersuite.ts";
import { toHex } from "../codec/byte-strings.ts";
import type { Credential } from "../credentials/credential.ts";
import { X509Credential } from "../credentials/x509-credential.ts";
import { err, ok, type Result } from "../result.ts";
import { provideReflectMetadata } from "./x509-reflect.ts";
import type { X509Error, X509Identity, X509Verifier } from "./x509-verifier.ts";

/** Certificates of one chain, the client's own included: this bounds the search for a path. */
const MAX_CHAIN_CERTIFICATES = 6;

/** Critical extensions whose meaning is checked here or does not restrict a signature key (RFC 5280 §4.2). */
const UNDERSTOOD_EXTENSIONS: readonly string[] = ["2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.37"];

/**
 * Extensions that restrict which paths are valid, critical or not (RFC 5280 §6.1.3, §6.1.4): name constraints, policy
 * constraints and inhibit anyPolicy. They are not processed here, so a certificate with one is refused.
 */
const RESTRICTING_EXTENSIONS: readonly string[] = ["2.5.29.30", "2.5.29.36", "2.5.29.54"];

/** DER of SubjectPublicKeyInfo up to the key itself (RFC 5480 §2, RFC 8410 §4), in hex. */
const SPKI_PREFIXES: Readonly<Record<CurveScheme, string>> = {
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
 * that were sent, so that leaving one out changes no verdict. Rejects with RangeError for an anchor or intermediate that
 * is not a certificate: that is a fault of the deployment.
 */
export async function x509Verifier(
  anchors: readonly Uint8Array[],
  { intermediates }: X509Options = {},
): Promise<X509Verifier> {
  const library = await loadLibrary();
  const trusted = anchors.map((anchor) => parseOwn(library, anchor, "trust anchors"));
  const allowed = intermediates?.map((intermediate) => parseOwn(library, intermediate, "intermediates"));
  return async ({ credential, signatureScheme, signatureKey, now }) => {
    const chain = parseChain(library, credential);
    if (!chain.ok) return chain;
    const [leaf, ...sent] = chain.value;
    const refusal = keyError(leaf, signatureScheme, signatureKey) ?? usageError(library, leaf);
    if (refusal !== undefined) return err(refusal);
    const search = {
      library,
      anchors: trusted,
      inOrder: allowed === undefined,
      at: new Date(now * 1000),
      signed: new Map(),
    };
    const end = await pathEnd(search, leaf, allowed ?? sent, 0);
    return end.ok ? ok(identityOf(library, leaf, end.value)) : end;
  };
}

function parseOwn(library: Library, der: Uint8Array, what: string): X509Certificate {
  const certificate = parse(library, der);
  if (certificate === undefined) throw new RangeError(`expected ${what} to be DER certificates`);
  return certificate;
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

function usageError(library: Library, leaf: X509Certificate): X509Error | undefined {
  const usages = leaf.getExtension(library.KeyUsagesExtension)?.usages;
  if (usages === undefined || usages & library.KeyUsageFlags.digitalSignature) return undefined;
  return { code: "NotForSignatures", message: "the certificate's key may not make digital signatures" };
}

/** The search for a path from a chain's first certificate to an anchor. */
type Search = {
  readonly library: Library;
  readonly anchors: readonly X509Certificate[];
  /** Whether an issuer follows what it issued, as in a chain that was sent. */
  readonly inOrder: boolean;
  readonly at: Date;
  /** Verdicts on signatures, by certificate and issuer: several paths may need one. */
  readonly signed: Map<X509Certificate, Map<X509Certificate, boolean>>;
};

/**
 * When, in milliseconds, the first certificate ends of a path from this one, which has `below` issued ones under it, to an anchor; or why
 * there is no path. Issuers are searched among the anchors first, so that the shortest path is found, then among
 * `others`. Of certificates that were sent that is at most 32 paths, and one signature for each pair of certificates.
 */
async function pathEnd(
  search: Search,
  certificate: X509Certificate,
  others: readonly X509Certificate[],
  below: number,
): Promise<Result<number, X509Error>> {
  const { anchors, at } = search;
  const own = certificateError(certificate, at);
  if (own !== undefined) return err(own);
  if (anchors.some((anchor) => anchor.equal(certificate))) return ok(certificate.notAfter.getTime());
  let reason: X509Error = { code: "Untrusted", message: "no path leads to a trust anchor" };
  if (below + 1 >= MAX_CHAIN_CERTIFICATES) return err(reason);
  const candidates = [...anchors, ...others];
  for (const [number, issuer] of candidates.entries()) {
    if (issuer.subject !== certificate.issuer) continue;
    const refusal =
      certificateError(issuer, at) ??
      authorityError(search.library, issuer, below) ??
      (await signatureError(search, certificate, issuer));
    const beyond =
      refusal !== undefined
        ? err(refusal)
        : number < anchors.length
          ? ok(issuer.notAfter.getTime())
          : await pathEnd(search, issuer, without(search, others, number - anchors.length), below + 1);
    if (beyond.ok) return ok(Math.min(beyond.value, certificate.notAfter.getTime()));
    if (beyond.error.code !== "Untrusted") reason = beyond.error;
  }
  return err(reason);
}

/** What may issue the certificate at `index`: no path goes through a certificate twice. */
const without = ({ inOrder }: Search, others: readonly X509Certificate[], index: number): readonly X509Certificate[] =>
  inOrder ? others.slice(index + 1) : others.toSpliced(index, 1);

function certificateError(certificate: X509Certificate, at: Date): X509Error | undefined {
  return validityError(certificate, at) ?? extensionError(certificate);
}

async function signatureError(
  { signed }: Search,
  certificate: X509Certificate,
  issuer: X509Certificate,
): Promise<X509Error | undefined> {
  const byIssuer = signed.get(certificate) ?? new Map<X509Certificate, boolean>();
  const verdict = byIssuer.get(issuer) ?? (await isSignedBy(certificate, issuer));
  signed.set(certificate, byIssuer.set(issuer, verdict));
  if (verdict) return undefined;
  return { code: "InvalidSignature", message: "a certificate's signature does not verify" };
}

function validityError(certificate: X509Certificate, at: Date): X509Error | undefined {
  if (at < certificate.notBefore) return { code: "NotYetValid", message: "a certificate is not valid yet" };
  if (at > certificate.notAfter) return { code: "Expired", message: "a certificate has expired" };
  return undefined;
}

function extensionError({ extensions }: X509Certificate): X509Error | undefined {
  const types = extensions.map(({ type }) => type);
  const twice = types.find((type, i) => types.indexOf(type) !== i);
  if (twice !== undefined) {
    return { code: "Malformed", message: `a certificate has extension ${twice} more than once` };
  }
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

function identityOf(library: Library, leaf: X509Certificate, endMs: number): X509Identity {
  const names = leaf.getExtension(library.SubjectAlternativeNameExtension)?.names.items ?? [];
  return {
    subject: leaf.subject,
    alternativeNames: names.map(({ type, value }) => ({ type, value })),
    notAfter: Math.floor(endMs / 1000),
  };
}
