/** Making many packages at once, as a client does that fills its stock. */
import { Ciphersuite, ciphersuiteInfo, type Suite } from "../ciphersuite.ts";
import { BasicCredential } from "../credentials/basic-credential.ts";
import type { Credential } from "../credentials/credential.ts";
import { nobleCrypto } from "../crypto/noble.ts";
import type { CryptoProvider } from "../crypto/provider.ts";
import type { KeyPackageNewError } from "../errors.ts";
import { KeyPackage, type KeyPackageBundle, type KeyPackageStorage } from "../key-package/key-package.ts";
import type { SignaturePublicKey } from "../keys/key-types.ts";
import { SignatureKeyPair, type Signer } from "../keys/signer.ts";
import type { Lifetime } from "../leaf-node/lifetime.ts";
import { err, ok, type Result } from "../result.ts";

/** Who makes packages: a credential, and the key that it is bound to. */
export type Identity = {
  /** A suite of RFC 9420 by its number, or any by its parts. */
  readonly ciphersuite: Suite;
  readonly credential: Credential;
  readonly signer: Signer;
  readonly signatureKey: SignaturePublicKey;
};

/** A new identity with a basic credential (RFC 9420 §5.3.1) and a fresh signature key. */
export async function newIdentity(
  name: string,
  {
    ciphersuite = Ciphersuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519,
    crypto = nobleCrypto,
  }: { readonly ciphersuite?: Suite; readonly crypto?: CryptoProvider } = {},
): Promise<Identity & { readonly signer: SignatureKeyPair }> {
  const signer = await SignatureKeyPair.generate(crypto, ciphersuiteInfo(ciphersuite).signatureScheme);
  const credential = new BasicCredential(name).toCredential();
  return { ciphersuite, credential, signer, signatureKey: signer.publicKey() };
}

export type GenerateProgress = { readonly done: number; readonly count: number };

export type GenerateOptions = {
  readonly identity: Identity;
  /** One-time packages. */
  readonly count: number;
  /** Whether to make a last resort too, which comes last. */
  readonly lastResort?: boolean;
  /** Unix seconds, from which the default lifetime counts. */
  readonly now: number;
  /** By default that of `Lifetime.default(now)`. */
  readonly lifetime?: Lifetime;
  /** By default `nobleCrypto`. */
  readonly crypto?: CryptoProvider;
  /** Where each bundle is written before the next is made. Without one the private keys are in the result alone. */
  readonly storage?: KeyPackageStorage;
  /** Ends the work between two packages: the promise rejects with its reason, and what was made is lost or in `storage`. */
  readonly signal?: AbortSignal;
  /** Called after each package. A promise is waited for before the next, so that a page can draw between two. */
  readonly onProgress?: (progress: GenerateProgress) => unknown;
};

/** So many packages with fresh keys; the first failure ends it. */
export async function generateKeyPackages(
  options: GenerateOptions,
): Promise<Result<readonly KeyPackageBundle[], KeyPackageNewError>> {
  const { count, lastResort = false, crypto = nobleCrypto, signal, onProgress, ...create } = options;
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`expected a count of packages, got ${count}`);
  const all = count + (lastResort ? 1 : 0);
  const bundles: KeyPackageBundle[] = [];
  while (bundles.length < all) {
    signal?.throwIfAborted();
    const made = await KeyPackage.create({ ...create, crypto, lastResort: bundles.length === count });
    if (!made.ok) return err(made.error);
    bundles.push(made.value);
    await onProgress?.({ done: bundles.length, count: all });
  }
  return ok(bundles);
}
