/**
 * Valid KeyPackages, made by another MLS implementation (ts-mls) than the one that will check them. Free of anything
 * that only Node has.
 */
import {
  defaultCapabilities,
  encodeMlsMessage,
  generateKeyPackageWithKey,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
} from "ts-mls";
import { type Ciphersuite, ciphersuiteInfo } from "../../src/mls/ciphersuite.ts";
import { nobleCrypto } from "../../src/mls/crypto/noble.ts";
import { unixSeconds } from "../../src/shared/time.ts";

const LAST_RESORT_EXTENSION = 0x000a;
const HOUR_SECONDS = 3_600;
const LIFETIME_SECONDS = 30 * 24 * HOUR_SECONDS;

export type SampleSigner = { readonly signKey: Uint8Array; readonly publicKey: Uint8Array };

/** A signature key pair for the suite. Not made by ts-mls: its points are compressed, which RFC 9420 §5.1.1 forbids. */
export async function newSigner(ciphersuite: Ciphersuite = 1): Promise<SampleSigner> {
  const { signatureScheme } = ciphersuiteInfo(ciphersuite);
  const { publicKey, privateKey } = await nobleCrypto.generateSignatureKeyPair(signatureScheme);
  return { publicKey, signKey: privateKey };
}

export type SampleOptions = {
  readonly identity: string;
  readonly signer: SampleSigner;
  readonly count: number;
  readonly lastResort?: boolean;
  /** Unix seconds. */
  readonly now?: number;
  readonly lifetimeSeconds?: number;
  /** Suite 1 if left out. */
  readonly ciphersuite?: Ciphersuite;
  /** Extension types that the capabilities list besides those that the package has. */
  readonly extensions?: readonly number[];
};

/** Fresh packages of one suite, each an MLSMessage, in base64url without padding. */
export async function sampleKeyPackages(options: SampleOptions): Promise<string[]> {
  const { name } = ciphersuiteInfo(options.ciphersuite ?? 1);
  const implementation = await getCiphersuiteImpl(getCiphersuiteFromName(name as keyof typeof Ciphersuite));
  const now = options.now ?? unixSeconds(Date.now());
  const capabilities = defaultCapabilities();
  const extensions = [...(options.lastResort ? [LAST_RESORT_EXTENSION] : []), ...(options.extensions ?? [])];
  const packages: string[] = [];
  for (let index = 0; index < options.count; index++) {
    const { publicPackage } = await generateKeyPackageWithKey(
      { credentialType: "basic", identity: new TextEncoder().encode(options.identity) },
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
