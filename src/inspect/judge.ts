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
import { CIPHERSUITES } from "../mls/ciphersuite.ts";
import { toHex } from "../mls/codec/byte-strings.ts";
import { ProtocolVersion } from "../mls/codec/code-points.ts";
import { nobleCrypto } from "../mls/crypto/noble.ts";
import { KeyPackageIn } from "../mls/key-package/key-package-in.ts";

export type Answer =
  | {
      readonly ok: true;
      readonly ciphersuite: number;
      readonly ref: string;
      readonly last_resort: boolean;
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly code: RefusalCode; readonly detail: string };

export async function judgeAsOpenMls(item: Uint8Array, now: number): Promise<Answer> {
  const decoded = KeyPackageIn.fromBytes(item);
  if (!decoded.ok) return refusedBy(refusalOfDecodeError(decoded.error));
  const validated = await decoded.value.validate(nobleCrypto, ProtocolVersion.Mls10, { now });
  if (!validated.ok) return refusedBy(refusalOfVerifyError(validated.error));
  const keyPackage = validated.value;
  const ref = toHex((await keyPackage.hashRef(nobleCrypto)).asSlice());
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
): Promise<Answer[]> {
  const policy: AdmissionPolicy = {
    ciphersuites: CIPHERSUITES,
    maxKeyPackageBytes: limits.MAX_KEY_PACKAGE_BYTES,
    maxTotalLifetimeSeconds: limits.MAX_TOTAL_LIFETIME_SECONDS,
    uploadClockSkewSeconds: limits.UPLOAD_CLOCK_SKEW_SECONDS,
    ...choice,
  };
  const verdicts = await admit(items, { crypto: nobleCrypto, policy, publisher: {}, now });
  return verdicts.map((verdict) => {
    if (!verdict.ok) return verdict;
    const { ciphersuite, ref, lastResort } = verdict.keyPackage;
    return { ok: true, ciphersuite, ref: toHex(ref), last_resort: lastResort, warnings: verdict.warnings };
  });
}

function refusedBy(refusal: AdmissionRefusal): Answer {
  return { ok: false, code: refusal.code, detail: describeRefusal(refusal) };
}
