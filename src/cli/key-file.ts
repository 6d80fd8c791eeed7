/**
 * A client's private keys in a file that only its owner can read: its signature keys, and the packages that it made, with
 * what opens them. For trying a directory out; an app keeps its keys in a key store.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import * as z from "zod";
import {
  type KeyPackageBundle,
  SignatureKeyPair,
  SignatureScheme,
  type SignatureSchemeName,
  serializeKeyPackageBundle,
} from "../mls/index.ts";
import { postQuantumCrypto } from "../mls/post-quantum/index.ts";
import { UsageError } from "./command.ts";

const base64url = z.string().regex(/^[\w-]+$/);
const pair = z.strictObject({ public: base64url, private: base64url });
const FORMAT = z.strictObject({
  format: z.literal(1),
  signature_keys: z.partialRecord(z.enum(Object.keys(SignatureScheme) as SignatureSchemeName[]), pair),
  key_packages: z.array(
    z.strictObject({
      key_package_ref: base64url,
      ciphersuite: z.int(),
      last_resort: z.boolean(),
      /** Unix seconds. */
      not_after: z.int(),
      /** As `serializeKeyPackageBundle` writes it: the package and both of its private keys. */
      bundle: base64url,
    }),
  ),
});

export type ClientKeys = z.infer<typeof FORMAT>;

export const NO_KEYS: ClientKeys = { format: 1, signature_keys: {}, key_packages: [] };

/** Bits of a mode that let others read or write. */
const OTHERS = 0o077;

export function readKeyFile(file: string): ClientKeys {
  let text: string;
  try {
    if ((statSync(file).mode & OTHERS) !== 0) {
      throw new UsageError(`${file} holds private keys and is open to others: chmod 600 ${file}`);
    }
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`cannot read ${file}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  const parsed = FORMAT.safeParse(jsonOf(text));
  if (!parsed.success) throw new UsageError(`${file} is not a key file of kpd generate`);
  return parsed.data;
}

/**
 * Reads the file, or begins a new one, and replaces it by what `change` gives: as a whole or not at all. A second process
 * is refused meanwhile, for of two that write, one would lose its keys.
 */
export async function changeKeyFile(
  file: string,
  change: (keys: ClientKeys) => Promise<ClientKeys>,
): Promise<ClientKeys> {
  const part = `${file}.part`;
  const descriptor = openPart(file, part);
  try {
    const keys = await change(exists(file) ? readKeyFile(file) : NO_KEYS);
    writeFileSync(descriptor, `${JSON.stringify(keys, null, 2)}\n`);
    fsyncSync(descriptor);
    renameSync(part, file);
    return keys;
  } catch (cause) {
    rmSync(part, { force: true });
    throw cause;
  } finally {
    closeSync(descriptor);
  }
}

/** The pair of a scheme, made at the first call, and the keys that have it. */
export async function signerOf(
  keys: ClientKeys,
  scheme: SignatureSchemeName,
): Promise<{ readonly signer: SignatureKeyPair; readonly keys: ClientKeys }> {
  const kept = keys.signature_keys[scheme];
  if (kept !== undefined) return { signer: signerFrom(scheme, kept), keys };
  const signer = await SignatureKeyPair.generate(postQuantumCrypto, SignatureScheme[scheme]);
  const made = { public: toText(signer.publicKey().asSlice()), private: toText(signer.privateKey()) };
  return { signer, keys: { ...keys, signature_keys: { ...keys.signature_keys, [scheme]: made } } };
}

/** Every signature key pair of the file. */
export function signersOf(keys: ClientKeys): readonly SignatureKeyPair[] {
  return (Object.keys(keys.signature_keys) as SignatureSchemeName[]).flatMap((scheme) => {
    const kept = keys.signature_keys[scheme];
    return kept === undefined ? [] : [signerFrom(scheme, kept)];
  });
}

export async function withBundle(keys: ClientKeys, bundle: KeyPackageBundle): Promise<ClientKeys> {
  const keyPackage = bundle.keyPackage();
  const entry = {
    key_package_ref: toText((await keyPackage.hashRef(postQuantumCrypto)).asSlice()),
    ciphersuite: keyPackage.ciphersuite(),
    last_resort: keyPackage.lastResort(),
    not_after: Number(keyPackage.lifeTime().notAfter),
    bundle: toText(serializeKeyPackageBundle(bundle)),
  };
  return { ...keys, key_packages: [...keys.key_packages, entry] };
}

function signerFrom(scheme: SignatureSchemeName, kept: z.infer<typeof pair>): SignatureKeyPair {
  const keys = { publicKey: toBytes(kept.public), privateKey: toBytes(kept.private) };
  return SignatureKeyPair.fromRaw(postQuantumCrypto, SignatureScheme[scheme], keys);
}

function openPart(file: string, part: string): number {
  try {
    return openSync(part, "wx", 0o600);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") {
      throw new UsageError(`${part} exists: another kpd writes ${file}, or one was killed; then remove ${part}`);
    }
    throw new UsageError(`cannot write ${file}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

const exists = (file: string): boolean => statSync(file, { throwIfNoEntry: false }) !== undefined;

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
const toBytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64url"));
