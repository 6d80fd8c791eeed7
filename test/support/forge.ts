/**
 * KeyPackages with any field and any defect, signed all the same: what a builder refuses to make. Free of anything that
 * only one platform has.
 */
import { ed448, x448 } from "@noble/curves/ed448.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { randomBytes } from "@noble/hashes/utils.js";
import type { Ciphersuite } from "../../src/mls/ciphersuite.ts";
import { Writer } from "../../src/mls/codec/writer.ts";
import { encodeSignContent, type SignatureLabel } from "../../src/mls/crypto/sign-content.ts";
import type { Extension } from "../../src/mls/leaf-node/extensions.ts";

/** A time inside the lifetime of a package for which none is given. */
export const FORGED_NOW = 1_800_000_000;

const LAST_RESORT = 0x000a;

export type ForgedSigner = { readonly secretKey: Uint8Array; readonly publicKey: Uint8Array };

export type Forgery = {
  readonly version: number;
  readonly ciphersuite: Ciphersuite;
  readonly initKey: Uint8Array;
  readonly encryptionKey: Uint8Array;
  /** Signs; a fresh key pair of the suite if left out. */
  readonly signer: ForgedSigner;
  /** Signs instead of the signer, for signatures that no honest signer makes. */
  readonly signWith: ((message: Uint8Array) => Uint8Array) | undefined;
  /** The signer's if left out. */
  readonly signatureKey: Uint8Array;
  readonly credentialType: number;
  readonly credential: Uint8Array;
  readonly versions: readonly number[];
  readonly ciphersuites: readonly number[];
  readonly extensions: readonly number[];
  readonly proposals: readonly number[];
  readonly credentials: readonly number[];
  readonly source: number;
  /** Unix seconds. */
  readonly notBefore: bigint;
  readonly notAfter: bigint;
  readonly leafExtensions: readonly Extension[];
  readonly keyPackageExtensions: readonly Extension[];
  /** Adds the extension, and lists it. */
  readonly lastResort: boolean;
  readonly breakLeafSignature: boolean;
  readonly breakSignature: boolean;
};

/** A bare KeyPackage (RFC 9420 §10) of suite 1, or of that of `change`, with these changes. */
export function forge(change: Partial<Forgery> = {}): Uint8Array {
  const ciphersuite = change.ciphersuite ?? 1;
  const signer = change.signer ?? newSigner(ciphersuite);
  const fields: Forgery = {
    version: 1,
    ciphersuite,
    initKey: hpkePublicKey(ciphersuite),
    encryptionKey: hpkePublicKey(ciphersuite),
    signer,
    signWith: undefined,
    signatureKey: signer.publicKey,
    credentialType: 1,
    credential: new TextEncoder().encode("alice"),
    versions: [1],
    ciphersuites: [ciphersuite],
    extensions: [],
    proposals: [],
    credentials: [1],
    source: 1,
    notBefore: BigInt(FORGED_NOW - 3600),
    notAfter: BigInt(FORGED_NOW + 86_400),
    leafExtensions: [],
    keyPackageExtensions: [],
    lastResort: false,
    breakLeafSignature: false,
    breakSignature: false,
    ...change,
  };
  const leaf = leafNodeTbs(fields);
  const leafSignature = sign(fields, "LeafNodeTBS", leaf);
  const tbs = new Writer()
    .u16(fields.version)
    .u16(fields.ciphersuite)
    .opaque(fields.initKey)
    .raw(leaf)
    .opaque(fields.breakLeafSignature ? broken(leafSignature) : leafSignature);
  const marks = fields.lastResort ? [{ extensionType: LAST_RESORT, data: new Uint8Array() }] : [];
  writeExtensions(tbs, [...marks, ...fields.keyPackageExtensions]);
  const content = tbs.finish();
  const signature = sign(fields, "KeyPackageTBS", content);
  return new Writer()
    .raw(content)
    .opaque(fields.breakSignature ? broken(signature) : signature)
    .finish();
}

/** A signature key pair of the suite. */
export function newSigner(ciphersuite: Ciphersuite = 1): ForgedSigner {
  const { keygen, publicKeyOf } = SIGNATURES[ciphersuite];
  const { secretKey } = keygen();
  return { secretKey, publicKey: publicKeyOf(secretKey) };
}

/** An HPKE public key of the suite. The private one is known to no one. */
export const hpkePublicKey = (ciphersuite: Ciphersuite = 1): Uint8Array => HPKE_PUBLIC_KEYS[ciphersuite]();

function leafNodeTbs(fields: Forgery): Uint8Array {
  const writer = new Writer()
    .opaque(fields.encryptionKey)
    .opaque(fields.signatureKey)
    .u16(fields.credentialType)
    .opaque(fields.credential)
    .u16s(fields.versions)
    .u16s(fields.ciphersuites)
    .u16s([...(fields.lastResort ? [LAST_RESORT] : []), ...fields.extensions])
    .u16s(fields.proposals)
    .u16s(fields.credentials)
    .u8(fields.source);
  if (fields.source === 1) writer.u64(fields.notBefore).u64(fields.notAfter);
  if (fields.source === 3) writer.opaque(new Uint8Array(32));
  writeExtensions(writer, fields.leafExtensions);
  return writer.finish();
}

function writeExtensions(writer: Writer, extensions: readonly Extension[]): void {
  writer.vector((elements) => {
    for (const { extensionType, data } of extensions) elements.u16(extensionType).opaque(data);
  });
}

function broken(signature: Uint8Array): Uint8Array {
  const copy = signature.slice();
  copy[copy.length - 1] = (copy[copy.length - 1] ?? 0) ^ 1;
  return copy;
}

function sign({ ciphersuite, signer, signWith }: Forgery, label: SignatureLabel, content: Uint8Array): Uint8Array {
  const message = encodeSignContent(label, content);
  return signWith?.(message) ?? SIGNATURES[ciphersuite].sign(message, signer.secretKey);
}

type SignatureKeys = {
  readonly keygen: () => { readonly secretKey: Uint8Array };
  readonly publicKeyOf: (secretKey: Uint8Array) => Uint8Array;
  readonly sign: (message: Uint8Array, secretKey: Uint8Array) => Uint8Array;
};

const eddsa = (curve: typeof ed25519 | typeof ed448): SignatureKeys => ({
  keygen: () => curve.keygen(),
  publicKeyOf: (secretKey) => curve.getPublicKey(secretKey),
  sign: (message, secretKey) => curve.sign(message, secretKey),
});

/** Uncompressed points and signatures in DER, RFC 9420 §5.1.1. */
const ecdsa = (curve: typeof p256): SignatureKeys => ({
  keygen: () => curve.keygen(),
  publicKeyOf: (secretKey) => curve.getPublicKey(secretKey, false),
  sign: (message, secretKey) => curve.sign(message, secretKey, { format: "der", lowS: false }),
});

const SIGNATURES: Readonly<Record<Ciphersuite, SignatureKeys>> = {
  1: eddsa(ed25519),
  2: ecdsa(p256),
  3: eddsa(ed25519),
  4: eddsa(ed448),
  5: ecdsa(p521),
  6: eddsa(ed448),
  7: ecdsa(p384),
};

/** All but a few 32 bytes are an X25519 public key, and to draw them is cheap. */
const x25519Key = () => randomBytes(32);
const x448Key = () => x448.keygen().publicKey;
const pointKey = (curve: typeof p256) => () => curve.getPublicKey(curve.keygen().secretKey, false);

const HPKE_PUBLIC_KEYS: Readonly<Record<Ciphersuite, () => Uint8Array>> = {
  1: x25519Key,
  2: pointKey(p256),
  3: x25519Key,
  4: x448Key,
  5: pointKey(p521),
  6: x448Key,
  7: pointKey(p384),
};
