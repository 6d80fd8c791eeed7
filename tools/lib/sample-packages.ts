/**
 * Valid KeyPackages, made by another MLS implementation (ts-mls) than the one that will check them. Free of anything
 * that only Node has.
 */
import {
  type CiphersuiteImpl,
  type CiphersuiteName,
  type Credential,
  defaultCapabilities,
  encodeMlsMessage,
  generateKeyPackageWithKey,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
} from "ts-mls";
import { type CiphersuiteInfo, ciphersuiteInfo, isMlDsa, type Suite } from "../../src/mls/ciphersuite.ts";
import { nobleCrypto } from "../../src/mls/crypto/noble.ts";
import { unixSeconds } from "../../src/shared/time.ts";

const LAST_RESORT_EXTENSION = 0x000a;
const HOUR_SECONDS = 3_600;
const LIFETIME_SECONDS = 30 * 24 * HOUR_SECONDS;

export type SampleSigner = { readonly signKey: Uint8Array; readonly publicKey: Uint8Array };

/**
 * A signature key pair for the suite. Not made by ts-mls, whose points are compressed, which RFC 9420 §5.1.1 forbids;
 * except for ML-DSA, where it wants the private key in another form than the seed.
 */
export async function newSigner(ciphersuite: Suite = 1): Promise<SampleSigner> {
  const suite = ciphersuiteInfo(ciphersuite);
  const { signatureScheme } = suite;
  if (isMlDsa(signatureScheme)) return (await implementationOf(suite)).signature.keygen();
  const { publicKey, privateKey } = await nobleCrypto.generateSignatureKeyPair(signatureScheme);
  return { publicKey, signKey: privateKey };
}

/** A suite that ts-mls has goes by the same name there. */
const implementationOf = ({ name }: CiphersuiteInfo): Promise<CiphersuiteImpl> =>
  getCiphersuiteImpl(getCiphersuiteFromName(name as CiphersuiteName));

export type SampleOptions = {
  /** Of a basic credential. */
  readonly identity: string;
  /** An x509 credential in its place: certificates in DER, the client's own first. */
  readonly certificates?: readonly Uint8Array[];
  readonly signer: SampleSigner;
  readonly count: number;
  readonly lastResort?: boolean;
  /** Unix seconds. */
  readonly now?: number;
  readonly lifetimeSeconds?: number;
  /** Suite 1 if left out. Of other texts than RFC 9420 those that ts-mls has, by their parts. */
  readonly ciphersuite?: Suite;
  /** Extension types that the capabilities list besides those that the package has. */
  readonly extensions?: readonly number[];
};

/** Fresh packages of one suite, each an MLSMessage, in base64url without padding. */
export async function sampleKeyPackages(options: SampleOptions): Promise<string[]> {
  const implementation = await implementationOf(ciphersuiteInfo(options.ciphersuite ?? 1));
  const now = options.now ?? unixSeconds(Date.now());
  const capabilities = defaultCapabilities();
  const extensions = [...(options.lastResort ? [LAST_RESORT_EXTENSION] : []), ...(options.extensions ?? [])];
  const packages: string[] = [];
  for (let index = 0; index < options.count; index++) {
    const { publicPackage } = await generateKeyPackageWithKey(
      credentialOf(options),
      { ...capabilities, extensions },
      {
        notBefore: BigInt(now - HOUR_SECONDS),
        notAfter: BigInt(now + (options.lifetimeSeconds ?? LIFETIME_SECONDS)),
      },
      options.lastResort ? [{ extensionType: LAST_RESORT_EXTENSION, extensionData: new Uint8Array() }] : [],
      options.signer,
      implementation,
    );
    const message = encodeMlsMessage({ version: "mls10", wireformat: "mls_key_package", keyPackage: publicPackage });
    packages.push(Buffer.from(message).toString("base64url"));
  }
  return packages;
}

const credentialOf = ({ identity, certificates }: SampleOptions): Credential =>
  certificates === undefined
    ? { credentialType: "basic", identity: new TextEncoder().encode(identity) }
    : { credentialType: "x509", certificates: [...certificates] };
