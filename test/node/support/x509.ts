/** Certificate chains made for a test, each with its own fresh keys. */
import { nobleCrypto, SignatureKeyPair, type SignatureScheme, X509Credential } from "../../../src/mls/index.ts";
import { provideReflectMetadata } from "../../../src/mls/x509/x509-reflect.ts";

provideReflectMetadata();
const {
  BasicConstraintsExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} = await import("@peculiar/x509");

const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const HOUR = 3600;

export type Authority = { readonly name: string; readonly keys: CryptoKeyPair; readonly der: Uint8Array };

export type CertificateOptions = {
  readonly now: number;
  readonly ca?: boolean;
  readonly pathLength?: number;
  readonly usages?: number;
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly extensions?: readonly import("@peculiar/x509").Extension[];
};

function common(options: CertificateOptions) {
  return {
    notBefore: new Date((options.notBefore ?? options.now - HOUR) * 1000),
    notAfter: new Date((options.notAfter ?? options.now + 24 * HOUR) * 1000),
    serialNumber: "01",
    signingAlgorithm: P256,
    extensions: [
      new BasicConstraintsExtension(options.ca ?? false, options.pathLength, true),
      new KeyUsagesExtension(
        options.usages ?? (options.ca ? KeyUsageFlags.keyCertSign : KeyUsageFlags.digitalSignature),
        true,
      ),
      ...(options.extensions ?? []),
    ],
  };
}

/** An authority by itself, or under another; with the keys of one that is already there, another certificate for it. */
export async function authority(
  name: string,
  options: CertificateOptions,
  issuer?: Authority,
  sameKeys?: Authority,
): Promise<Authority> {
  const keys = sameKeys?.keys ?? ((await crypto.subtle.generateKey(P256, true, ["sign", "verify"])) as CryptoKeyPair);
  const certificate = await X509CertificateGenerator.create({
    ...common({ ca: true, ...options }),
    subject: `CN=${name}`,
    issuer: `CN=${issuer?.name ?? name}`,
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
  });
  return { name, keys, der: new Uint8Array(certificate.rawData) };
}

/** SubjectPublicKeyInfo of the key pairs that the tests certify. */
const SPKI: Partial<Record<SignatureScheme, string>> = {
  1027: "3059301306072a8648ce3d020106082a8648ce3d030107034200",
  1283: "3076301006072a8648ce3d020106052b81040022036200",
  1539: "30819b301006072a8648ce3d020106052b8104002303818600",
  2055: "302a300506032b6570032100",
  2056: "3043300506032b6571033a00",
};

/** A certificate for the key of a client, with `uri` as its subject alternative name. */
export async function certify(
  signer: SignatureKeyPair,
  issuer: Authority,
  uri: string,
  options: CertificateOptions,
): Promise<Uint8Array> {
  const spki = Buffer.concat([Buffer.from(SPKI[signer.signatureScheme] ?? "", "hex"), signer.publicKey().asSlice()]);
  const certificate = await X509CertificateGenerator.create({
    ...common({
      ...options,
      extensions: [new SubjectAlternativeNameExtension([{ type: "url", value: uri }]), ...(options.extensions ?? [])],
    }),
    subject: "CN=client",
    issuer: `CN=${issuer.name}`,
    publicKey: Uint8Array.from(spki),
    signingKey: issuer.keys.privateKey,
  });
  return new Uint8Array(certificate.rawData);
}

/** A certificate of `authority` whose curve is no object identifier, so that its key cannot be read; its signature is void. */
export function withUnreadableKey(der: Uint8Array): Uint8Array {
  const readable = "06082a8648ce3d030107034200";
  const bent = Buffer.from(der).toString("hex").replace(readable, readable.replace("06", "04"));
  return Uint8Array.from(Buffer.from(bent, "hex"));
}

export const newSigner = (scheme: SignatureScheme) => SignatureKeyPair.generate(nobleCrypto, scheme);
export const credentialOf = (...chain: Uint8Array[]) => new X509Credential(chain).toCredential();

export { BasicConstraintsExtension, Extension, KeyUsageFlags };
