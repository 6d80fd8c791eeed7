/** Batches of one client's KeyPackages, made by another implementation (ts-mls) than the one that is measured. */
import {
  type CiphersuiteName,
  defaultCapabilities,
  encodeMlsMessage,
  generateKeyPackageWithKey,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
} from "ts-mls";
import { nobleCrypto } from "../../src/mls/crypto/noble.ts";

export const BATCH_PACKAGES = 100;

const LIFETIME_SECONDS = 30 * 24 * 3_600;
const HOUR_SECONDS = 3_600;

/** Suites of RFC 9420 §17.1 that are measured, with their signature schemes (RFC 8446 §4.2.3). */
export const SUITES = {
  1: { name: "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519", scheme: 0x0807, registered: "ed25519" },
  2: { name: "MLS_128_DHKEMP256_AES128GCM_SHA256_P256", scheme: 0x0403, registered: "ecdsa_secp256r1_sha256" },
  4: { name: "MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448", scheme: 0x0808, registered: "ed448" },
  5: { name: "MLS_256_DHKEMP521_AES256GCM_SHA512_P521", scheme: 0x0603, registered: "ecdsa_secp521r1_sha512" },
  7: { name: "MLS_256_DHKEMP384_AES256GCM_SHA384_P384", scheme: 0x0503, registered: "ecdsa_secp384r1_sha384" },
} as const satisfies Record<number, { name: CiphersuiteName; scheme: number; registered: string }>;

export type Suite = keyof typeof SUITES;

export type Signer = { readonly signKey: Uint8Array; readonly publicKey: Uint8Array };

/** Plain JSON, so that it reaches workerd and other processes. */
export type Batch = {
  /** Packages that are judged together, as one upload; the batch is judged upload by upload. */
  readonly uploadPackages: number;
  readonly suite: Suite;
  readonly scheme: number;
  readonly identity: string;
  /** base64url, as are the packages, each an MLSMessage. */
  readonly publicKey: string;
  readonly packages: readonly string[];
};

const implementation = (suite: Suite) => getCiphersuiteImpl(getCiphersuiteFromName(SUITES[suite].name));

/** Of our own making: ts-mls gives compressed points, which RFC 9420 §5.1.1 does not allow. */
export async function newSigner(suite: Suite): Promise<Signer> {
  const { publicKey, privateKey } = await nobleCrypto.generateSignatureKeyPair(SUITES[suite].scheme);
  return { publicKey, signKey: privateKey };
}

export async function makeBatch(
  suite: Suite,
  identity: string,
  signer: Signer,
  uploadPackages = BATCH_PACKAGES,
): Promise<Batch> {
  const cs = await implementation(suite);
  const now = Math.floor(Date.now() / 1000);
  const packages: string[] = [];
  for (let index = 0; index < BATCH_PACKAGES; index++) {
    const { publicPackage } = await generateKeyPackageWithKey(
      { credentialType: "basic", identity: new TextEncoder().encode(identity) },
      { ...defaultCapabilities(), extensions: [] },
      { notBefore: BigInt(now - HOUR_SECONDS), notAfter: BigInt(now + LIFETIME_SECONDS) },
      [],
      signer,
      cs,
    );
    const message = encodeMlsMessage({ version: "mls10", wireformat: "mls_key_package", keyPackage: publicPackage });
    packages.push(Buffer.from(message).toString("base64url"));
  }
  return {
    uploadPackages,
    suite,
    scheme: SUITES[suite].scheme,
    identity,
    publicKey: Buffer.from(signer.publicKey).toString("base64url"),
    packages,
  };
}
