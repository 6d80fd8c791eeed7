/** What OpenMLS, or a directory with the default policy, says of a package by its bytes alone. */
import {
  type AdmissionRefusal,
  describeRefusal,
  refusalOfDecodeError,
  refusalOfVerifyError,
} from "../admission/admission-refusal.ts";
import { admit } from "../admission/admit.ts";
import type { AdmissionPolicy } from "../admission/policy.ts";
import * as limits from "../config/limits.ts";
import { toHex } from "../mls/codec/byte-strings.ts";
import { ProtocolVersion } from "../mls/codec/code-points.ts";
import { KeyPackageIn } from "../mls/key-package/key-package-in.ts";
import { postQuantumCrypto } from "../mls/post-quantum/index.ts";
import type { SuiteProfile } from "../mls/suite-profile.ts";

export type Answer =
  | {
      readonly ok: true;
      readonly ciphersuite: number;
      readonly ref: string;
      readonly last_resort: boolean;
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly code: string; readonly detail: string };

export async function judgeAsOpenMls(item: Uint8Array, now: number, profile: SuiteProfile): Promise<Answer> {
  const decoded = KeyPackageIn.fromBytes(item, profile);
  if (!decoded.ok) return refusedBy(refusalOfDecodeError(decoded.error));
  const validated = await decoded.value.validate(postQuantumCrypto, ProtocolVersion.Mls10, { now });
  if (!validated.ok) return refusedBy(refusalOfVerifyError(validated.error));
  const keyPackage = validated.value;
  const ref = toHex((await keyPackage.hashRef(postQuantumCrypto)).asSlice());
  return { ok: true, ciphersuite: keyPackage.ciphersuite(), ref, last_resort: keyPackage.lastResort(), warnings: [] };
}

/** The directory's policy as far as it concerns the bytes alone: whose they are, only the directory knows. */
export async function judgeAsDirectory(
  items: readonly Uint8Array[],
  now: number,
  profile: SuiteProfile,
  maxTotalLifetimeSeconds: number | undefined,
): Promise<Answer[]> {
  const policy: AdmissionPolicy = {
    ciphersuites: profile.suites.map(({ ciphersuite }) => ciphersuite),
    profile,
    maxKeyPackageBytes: limits.MAX_KEY_PACKAGE_BYTES,
    maxTotalLifetimeSeconds,
    uploadClockSkewSeconds: limits.UPLOAD_CLOCK_SKEW_SECONDS,
  };
  const verdicts = await admit(items, { crypto: postQuantumCrypto, policy, publisher: {}, now });
  return verdicts.map((verdict) => {
    if (!verdict.ok) return verdict;
    const { ciphersuite, ref, lastResort } = verdict.keyPackage;
    return { ok: true, ciphersuite, ref: toHex(ref), last_resort: lastResort, warnings: verdict.warnings };
  });
}

function refusedBy(refusal: AdmissionRefusal): Answer {
  return { ok: false, code: refusal.code, detail: describeRefusal(refusal) };
}
