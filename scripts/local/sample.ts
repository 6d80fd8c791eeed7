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

const SAMPLE_CIPHERSUITE: CiphersuiteName = "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519";
const LAST_RESORT_EXTENSION = 0x000a;
const HOUR_SECONDS = 3_600;
const SAMPLE_LIFETIME_SECONDS = 30 * 24 * HOUR_SECONDS;

export type SampleSigner = { readonly signKey: Uint8Array; readonly publicKey: Uint8Array };

/** A signature key pair of suite 1 (Ed25519). */
export async function newSigner(): Promise<SampleSigner> {
  return (await suite()).signature.keygen();
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
};

/** Fresh packages of suite 1, each an MLSMessage, in base64url without padding. */
export async function sampleKeyPackages(options: SampleOptions): Promise<string[]> {
  const implementation = await suite();
  const now = options.now ?? Math.floor(Date.now() / 1000);
  const capabilities = defaultCapabilities();
  const packages: string[] = [];
  for (let index = 0; index < options.count; index++) {
    const { publicPackage } = await generateKeyPackageWithKey(
      { credentialType: "basic", identity: new TextEncoder().encode(options.identity) },
      { ...capabilities, extensions: options.lastResort ? [LAST_RESORT_EXTENSION] : [] },
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

const suite = () => getCiphersuiteImpl(getCiphersuiteFromName(SAMPLE_CIPHERSUITE));

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
