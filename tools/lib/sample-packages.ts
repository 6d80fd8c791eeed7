/** KeyPackages for trying things out, made by another MLS implementation (ts-mls) than the one that will check them. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import {
  type CiphersuiteName,
  defaultCapabilities,
  encodeMlsMessage,
  generateKeyPackageWithKey,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
} from "ts-mls";

/** Those that share a kind of signature key, so that one signer does for all of them. */
const SAMPLE_CIPHERSUITES = {
  1: "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519",
  3: "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519",
} as const satisfies Record<number, CiphersuiteName>;
const LAST_RESORT_EXTENSION = 0x000a;
const HOUR_SECONDS = 3_600;
const SAMPLE_LIFETIME_SECONDS = 30 * 24 * HOUR_SECONDS;

export type SampleCiphersuite = keyof typeof SAMPLE_CIPHERSUITES;

export type SampleSigner = { readonly signKey: Uint8Array; readonly publicKey: Uint8Array };

/** A signature key pair of suites 1 and 3 (Ed25519). */
export async function newSigner(): Promise<SampleSigner> {
  return (await suite(1)).signature.keygen();
}

/** The key pair kept in `file`, made at the first call: a client's signature key outlives a restart. */
export async function keptSigner(file: string): Promise<SampleSigner> {
  if (!existsSync(file)) {
    const { signKey, publicKey } = await newSigner();
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ signKey: hex(signKey), publicKey: hex(publicKey) }), { mode: 0o600 });
  }
  const { signKey, publicKey } = JSON.parse(readFileSync(file, "utf8")) as { signKey: string; publicKey: string };
  return { signKey: Buffer.from(signKey, "hex"), publicKey: Buffer.from(publicKey, "hex") };
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
  readonly ciphersuite?: SampleCiphersuite;
  /** Extension types that the capabilities list besides those that the package has. */
  readonly extensions?: readonly number[];
};

/** Fresh packages of one suite, each an MLSMessage, in base64url without padding. */
export async function sampleKeyPackages(options: SampleOptions): Promise<string[]> {
  const implementation = await suite(options.ciphersuite ?? 1);
  const now = options.now ?? Math.floor(Date.now() / 1000);
  const capabilities = defaultCapabilities();
  const extensions = [...(options.lastResort ? [LAST_RESORT_EXTENSION] : []), ...(options.extensions ?? [])];
  const packages: string[] = [];
  for (let index = 0; index < options.count; index++) {
    const { publicPackage } = await generateKeyPackageWithKey(
      { credentialType: "basic", identity: new TextEncoder().encode(options.identity) },
      { ...capabilities, extensions },
      {
        notBefore: BigInt(now - HOUR_SECONDS),
        notAfter: BigInt(now + (options.lifetimeSeconds ?? SAMPLE_LIFETIME_SECONDS)),
      },
      options.lastResort ? [{ extensionType: LAST_RESORT_EXTENSION, extensionData: new Uint8Array() }] : [],
      options.signer,
      implementation,
    );
    const message = encodeMlsMessage({
      version: "mls10",
      wireformat: "mls_key_package",
      keyPackage: publicPackage,
    });
    packages.push(Buffer.from(message).toString("base64url"));
  }
  return packages;
}

const suite = (ciphersuite: SampleCiphersuite) =>
  getCiphersuiteImpl(getCiphersuiteFromName(SAMPLE_CIPHERSUITES[ciphersuite]));

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
