/** Validating packages as an application does it: bytes and a clock in, the package or the reason out. */
import type { SignatureScheme } from "../ciphersuite.ts";
import { equalBytes } from "../codec/byte-strings.ts";
import { ProtocolVersion } from "../codec/code-points.ts";
import { batchVerifier } from "../crypto/batch-verifier.ts";
import type { CryptoVerifier, SignatureItem, SignaturePolicy } from "../crypto/provider.ts";
import type { KeyPackageDecodeError, KeyPackageVerifyError, UnsupportedByProviderError } from "../errors.ts";
import type { KeyPackage } from "../key-package/key-package.ts";
import { KeyPackageIn } from "../key-package/key-package-in.ts";
import { err, type Result } from "../result.ts";
import { RFC_9420, type SuiteProfile } from "../suite-profile.ts";

/** That of `KeyPackageIn.validate`. */
const SIGNATURE_POLICY: SignaturePolicy = "openmls";

export type ValidateOptions = {
  /** Unix seconds. */
  readonly now: number;
  /** By default the verifying half of `nobleCrypto`, which runs everywhere and is a smaller bundle. */
  readonly crypto?: CryptoVerifier;
  /** What the numbers of suites mean; by default RFC 9420's seven and no others. */
  readonly profile?: SuiteProfile;
};

/** Why a package is not one to add to a group: its bytes, its suite, or a check of RFC 9420 §10.1. */
export type KeyPackageProblem = KeyPackageDecodeError | UnsupportedByProviderError | KeyPackageVerifyError;

/**
 * Validates a KeyPackage, bare or in an MLSMessage, as OpenMLS's `KeyPackageIn::validate` does (RFC 9420 §7.3, §10.1).
 * Whose it is, is for the application to check: `keyPackage.leafNode().credential()`.
 */
export async function validateKeyPackage(
  bytes: Uint8Array,
  options: ValidateOptions,
): Promise<Result<KeyPackage, KeyPackageProblem>> {
  const [result] = await validateKeyPackages([bytes], options);
  if (!result) throw new Error("expected a result for each package");
  return result;
}

/**
 * The same for many, one result for each, in order. Their signatures are verified together, which for a hundred packages
 * of a hundred signers takes about a fifth of the time: what a claimer of a large group needs.
 */
export async function validateKeyPackages(
  list: readonly Uint8Array[],
  { now, crypto = batchVerifier, profile = RFC_9420 }: ValidateOptions,
): Promise<readonly Result<KeyPackage, KeyPackageProblem>[]> {
  const decoded = list.map((bytes) => KeyPackageIn.fromBytes(bytes, profile));
  const known = await verifyTogether(
    decoded.flatMap((one) => (one.ok && crypto.supports(one.value.suite()) ? [one.value] : [])),
    crypto,
  );
  return Promise.all(
    decoded.map(async (one): Promise<Result<KeyPackage, KeyPackageProblem>> => {
      if (!one.ok) return one;
      const suite = one.value.suite();
      if (!crypto.supports(suite)) {
        const { ciphersuite } = suite;
        const message = `Ciphersuite ${ciphersuite} is not supported by the crypto provider.`;
        return err({ code: "UnsupportedCiphersuite", message, ciphersuite });
      }
      return one.value.validate(withVerdicts(crypto, known.get(one.value) ?? []), ProtocolVersion.Mls10, { now });
    }),
  );
}

type Verdict = { readonly item: SignatureItem; readonly valid: boolean };

/** The verdicts on both signatures of each package, scheme by scheme. */
async function verifyTogether(
  packages: readonly KeyPackageIn[],
  crypto: CryptoVerifier,
): Promise<ReadonlyMap<KeyPackageIn, readonly Verdict[]>> {
  const byScheme = new Map<SignatureScheme, { readonly received: KeyPackageIn; readonly item: SignatureItem }[]>();
  for (const received of packages) {
    const scheme = received.suite().signatureScheme;
    const { leafNode, keyPackage } = received.signatureItems();
    const group = byScheme.get(scheme) ?? [];
    byScheme.set(scheme, group);
    group.push({ received, item: leafNode }, { received, item: keyPackage });
  }
  const verdicts = new Map<KeyPackageIn, Verdict[]>();
  for (const [scheme, group] of byScheme) {
    const valid = await crypto.verifyMany(
      scheme,
      group.map(({ item }) => item),
      SIGNATURE_POLICY,
    );
    for (const [index, { received, item }] of group.entries()) {
      const own = verdicts.get(received) ?? [];
      verdicts.set(received, own);
      own.push({ item, valid: valid[index] === true });
    }
  }
  return verdicts;
}

/** The same provider, which knows the verdicts on these signatures and verifies any other itself. */
function withVerdicts(crypto: CryptoVerifier, verdicts: readonly Verdict[]): CryptoVerifier {
  const verify: CryptoVerifier["verify"] = (scheme, asked, policy) => {
    const known = policy === SIGNATURE_POLICY && verdicts.find(({ item }) => isSame(item, asked));
    return known ? Promise.resolve(known.valid) : crypto.verify(scheme, asked, policy);
  };
  return Object.assign(Object.create(crypto) as CryptoVerifier, { verify });
}

const isSame = (a: SignatureItem, b: SignatureItem): boolean =>
  equalBytes(a.signature, b.signature) && equalBytes(a.publicKey, b.publicKey) && equalBytes(a.message, b.message);
