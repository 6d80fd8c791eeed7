/** KeyPackages with any defect, signed all the same: what the builder of the library refuses to make. */
import { type Ciphersuite, ciphersuiteInfo } from "../../../src/mls/ciphersuite.ts";
import { Writer } from "../../../src/mls/codec/writer.ts";
import { nobleCrypto } from "../../../src/mls/crypto/noble.ts";
import { encodeSignContent } from "../../../src/mls/crypto/sign-content.ts";
import { SignatureKeyPair } from "../../../src/mls/keys/signer.ts";
import type { Extension } from "../../../src/mls/leaf-node/extensions.ts";

export const FORGED_NOW = 1_800_000_000;

export type Forgery = {
  readonly version: number;
  readonly ciphersuite: Ciphersuite;
  readonly initKey: Uint8Array;
  readonly encryptionKey: Uint8Array;
  readonly signatureKey: Uint8Array;
  readonly credentialType: number;
  readonly credential: Uint8Array;
  readonly versions: readonly number[];
  readonly ciphersuites: readonly number[];
  readonly extensions: readonly number[];
  readonly proposals: readonly number[];
  readonly credentials: readonly number[];
  readonly source: number;
  readonly notBefore: bigint;
  readonly notAfter: bigint;
  readonly leafExtensions: readonly Extension[];
  readonly keyPackageExtensions: readonly Extension[];
  readonly breakLeafSignature: boolean;
  readonly breakSignature: boolean;
};

/** A package of suite 1, or of that of `change`, with a fresh signature key and these changes. */
export async function forge(change: Partial<Forgery> = {}): Promise<Uint8Array> {
  const ciphersuite = change.ciphersuite ?? 1;
  const { signatureScheme, hashBytes } = ciphersuiteInfo(ciphersuite);
  const signer = await SignatureKeyPair.generate(nobleCrypto, signatureScheme);
  const key = async () => (await nobleCrypto.deriveKeyPair(ciphersuite, nobleCrypto.random(hashBytes))).publicKey;
  const fields: Forgery = {
    version: 1,
    ciphersuite,
    initKey: await key(),
    encryptionKey: await key(),
    signatureKey: signer.publicKey().asSlice(),
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
    breakLeafSignature: false,
    breakSignature: false,
    ...change,
  };
  const leaf = leafNodeTbs(fields);
  const leafSignature = await signer.sign(encodeSignContent("LeafNodeTBS", leaf));
  const tbs = new Writer()
    .u16(fields.version)
    .u16(fields.ciphersuite)
    .opaque(fields.initKey)
    .raw(leaf)
    .opaque(fields.breakLeafSignature ? broken(leafSignature) : leafSignature);
  writeExtensions(tbs, fields.keyPackageExtensions);
  const content = tbs.finish();
  const signature = await signer.sign(encodeSignContent("KeyPackageTBS", content));
  return new Writer()
    .raw(content)
    .opaque(fields.breakSignature ? broken(signature) : signature)
    .finish();
}

function leafNodeTbs(fields: Forgery): Uint8Array {
  const writer = new Writer()
    .opaque(fields.encryptionKey)
    .opaque(fields.signatureKey)
    .u16(fields.credentialType)
    .opaque(fields.credential)
    .u16s(fields.versions)
    .u16s(fields.ciphersuites)
    .u16s(fields.extensions)
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
