/** What OpenMLS, or a directory with the default policy, says of a package by its bytes alone. */
import {
  type AdmissionRefusal,
  describeRefusal,
  type RefusalCode,
  refusalOfDecodeError,
  refusalOfVerifyError,
} from "../admission/admission-refusal.ts";
import { admit } from "../admission/admit.ts";
import type { AdmissionPolicy } from "../admission/policy.ts";
import * as limits from "../config/limits.ts";
import { toHex } from "../mls/codec/byte-strings.ts";
import { ProtocolVersion } from "../mls/codec/code-points.ts";
import { batchVerifier } from "../mls/crypto/batch-verifier.ts";
import type { CryptoVerifier } from "../mls/crypto/provider.ts";
import { KeyPackageIn } from "../mls/key-package/key-package-in.ts";
import { RFC_9420, type SuiteProfile } from "../mls/suite-profile.ts";

export type Answer =
  | {
      readonly ok: true;
      readonly ciphersuite: number;
      readonly ref: string;
      readonly last_resort: boolean;
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly code: RefusalCode; readonly detail: string };

/** What the numbers of suites mean, and who checks signatures of those suites. */
export type Dialect = { readonly profile: SuiteProfile; readonly crypto: CryptoVerifier };

const PLAIN: Dialect = { profile: RFC_9420, crypto: batchVerifier };

export async function judgeAsOpenMls(
  item: Uint8Array,
  now: number,
  { profile, crypto }: Dialect = PLAIN,
): Promise<Answer> {
  const decoded = KeyPackageIn.fromBytes(item, profile);
  if (!decoded.ok) return refusedBy(refusalOfDecodeError(decoded.error));
  const validated = await decoded.value.validate(crypto, ProtocolVersion.Mls10, { now });
  if (!validated.ok) return refusedBy(refusalOfVerifyError(validated.error));
  const keyPackage = validated.value;
  const ref = toHex((await keyPackage.hashRef(crypto)).asSlice());
  return { ok: true, ciphersuite: keyPackage.ciphersuite(), ref, last_resort: keyPackage.lastResort(), warnings: [] };
}

/** What a deployment may decide otherwise. */
export type PolicyChoice = Partial<
  Pick<AdmissionPolicy, "maxTotalLifetimeSeconds" | "tolerateUnlistedGreaseKeyPackageExtensions">
>;

/** The directory's policy as far as it concerns the bytes alone: whose they are, only the directory knows. */
export async function judgeAsDirectory(
  items: readonly Uint8Array[],
  now: number,
  choice: PolicyChoice = {},
  { profile, crypto }: Dialect = PLAIN,
): Promise<Answer[]> {
  const policy: AdmissionPolicy = {
    ciphersuites: profile.suites.map(({ ciphersuite }) => ciphersuite),
    profile,
    maxKeyPackageBytes: limits.MAX_KEY_PACKAGE_BYTES,
    maxTotalLifetimeSeconds: limits.MAX_TOTAL_LIFETIME_SECONDS,
    uploadClockSkewSeconds: limits.UPLOAD_CLOCK_SKEW_SECONDS,
    ...choice,
  };
  const verdicts = await admit(items, { crypto, policy, publisher: {}, now });
  return verdicts.map((verdict) => {
    if (!verdict.ok) return verdict;
    const { ciphersuite, ref, lastResort } = verdict.keyPackage;
    return { ok: true, ciphersuite, ref: toHex(ref), last_resort: lastResort, warnings: verdict.warnings };
  });
}

function refusedBy(refusal: AdmissionRefusal): Answer {
  return { ok: false, code: refusal.code, detail: describeRefusal(refusal) };
}
