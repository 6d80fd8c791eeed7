/** KeyPackages of suite 1 written by hand, with every field open to change and signatures that hold. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { Writer } from "../../../src/mls/codec/writer.ts";
import { encodeSignContent, type SignatureLabel } from "../../../src/mls/crypto/sign-content.ts";

export type Signer = { readonly secretKey: Uint8Array; readonly publicKey: Uint8Array };

export const newSigner = (): Signer => ed25519.keygen();

export type Forgery = {
  readonly identity: string;
  readonly signer: Signer;
  readonly ciphersuite?: number;
  readonly initKey?: Uint8Array;
  readonly encryptionKey?: Uint8Array;
  /** Unix seconds. */
  readonly notBefore?: bigint;
  readonly notAfter?: bigint;
  readonly lastResort?: boolean;
  readonly listedExtensions?: readonly number[];
  readonly listedProposals?: readonly number[];
  readonly listedCredentials?: readonly number[];
  /** Turned over in the last signature. */
  readonly breakSignature?: boolean;
};

const LAST_RESORT = 0x000a;
const DAY_SECONDS = 24 * 3600;

/** A bare KeyPackage, RFC 9420 §10. */
export function forge(forgery: Forgery): Uint8Array {
  const now = BigInt(Math.floor(Date.now() / 1000));
  const { signer, ciphersuite = 1, lastResort = false } = forgery;
  const leafTbs = new Writer()
    .opaque(forgery.encryptionKey ?? publicKey())
    .opaque(signer.publicKey)
    .u16(1)
    .opaque(new TextEncoder().encode(forgery.identity))
    .u16s([1])
    .u16s([ciphersuite])
    .u16s([...(lastResort ? [LAST_RESORT] : []), ...(forgery.listedExtensions ?? [])])
    .u16s(forgery.listedProposals ?? [])
    .u16s(forgery.listedCredentials ?? [1])
    .u8(1)
    .u64(forgery.notBefore ?? now - 3600n)
    .u64(forgery.notAfter ?? now + BigInt(30 * DAY_SECONDS))
    .opaque(new Uint8Array())
    .finish();
  const leafNode = new Writer()
    .raw(leafTbs)
    .opaque(sign(signer, "LeafNodeTBS", leafTbs))
    .finish();
  const tbs = new Writer()
    .u16(1)
    .u16(ciphersuite)
    .opaque(forgery.initKey ?? publicKey())
    .raw(leafNode)
    .vector((extensions) => {
      if (lastResort) extensions.u16(LAST_RESORT).opaque(new Uint8Array());
    })
    .finish();
  const signature = sign(signer, "KeyPackageTBS", tbs);
  if (forgery.breakSignature) signature.set([(signature[0] ?? 0) ^ 1]);
  return new Writer().raw(tbs).opaque(signature).finish();
}

export const forgeMany = (count: number, forgery: Forgery): Uint8Array[] =>
  Array.from({ length: count }, () => forge(forgery));

/** Any 32 bytes are an X25519 public key but for a handful of small order. */
export const publicKey = (): Uint8Array => crypto.getRandomValues(new Uint8Array(32));

export const base64url = (bytes: Uint8Array): string => bytes.toBase64({ alphabet: "base64url", omitPadding: true });

function sign(signer: Signer, label: SignatureLabel, content: Uint8Array): Uint8Array {
  return ed25519.sign(encodeSignContent(label, content), signer.secretKey);
}
