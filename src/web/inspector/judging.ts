/** Verdicts and references: all that needs cryptography, so that it is loaded after what shows the bytes. */
import { type CheckResult, checksBehind } from "../../inspect/checks.ts";
import { type Answer, type Dialect, judgeAsDirectory, judgeAsOpenMls } from "../../inspect/judge.ts";
import type { Located } from "../../inspect/located.ts";
import { dateOf } from "../../inspect/text.ts";
import { isMlDsa } from "../../mls/ciphersuite.ts";
import { toHex } from "../../mls/codec/byte-strings.ts";
import { batchVerifier } from "../../mls/crypto/batch-verifier.ts";
import type { CryptoVerifier } from "../../mls/crypto/provider.ts";
import { KeyPackageIn } from "../../mls/key-package/key-package-in.ts";
import { makeKeyPackageRef } from "../../mls/key-package/key-package-ref.ts";
import { PROFILES } from "../../mls/named-profiles.ts";
import type { SuiteProfile } from "../../mls/suite-profile.ts";
import { POLICY_NAMES, type PolicyName } from "./policy-names.ts";

export type Verdict = { readonly answer: Answer; readonly checks: readonly CheckResult[] };
export type Verdicts = {
  /** What each policy says with the numbers of the chosen profile. */
  readonly byPolicy: Readonly<Record<PolicyName, Verdict>>;
  /** What the chosen policy says with the numbers of each profile, by the profile's name. */
  readonly byProfile: ReadonlyMap<string, Answer>;
};

/** Verdicts on the bytes at a time in unix seconds; undefined if the code that they take could not be loaded. */
export async function verdictsOn(
  bytes: Uint8Array,
  at: number,
  chosen: { readonly policy: PolicyName; readonly profile: SuiteProfile; readonly located: readonly Located[] },
): Promise<Verdicts | undefined> {
  const crypto = await cryptoFor(bytes);
  if (crypto === undefined) return undefined;
  const subject = { length: bytes.length, located: chosen.located };
  const judge = (policy: PolicyName, profile: SuiteProfile) => answerUnder(policy, bytes, at, { profile, crypto });
  const byPolicy = await Promise.all(
    POLICY_NAMES.map(async (policy) => {
      const answer = await judge(policy, chosen.profile);
      const checks = checksBehind(policy === "openmls" ? "openmls" : "directory", answer, subject);
      const verdict: Verdict = { answer, checks };
      return [policy, verdict] as const;
    }),
  );
  const byProfile = await Promise.all(
    PROFILES.map(async (profile) => [profile.name, await judge(chosen.policy, profile)] as const),
  );
  return { byPolicy: Object.fromEntries(byPolicy) as Record<PolicyName, Verdict>, byProfile: new Map(byProfile) };
}

/** What one policy says with the numbers of one profile; undefined as above. */
export async function answerOn(
  bytes: Uint8Array,
  at: number,
  { policy, profile }: { readonly policy: PolicyName; readonly profile: SuiteProfile },
): Promise<Answer | undefined> {
  const crypto = await cryptoFor(bytes);
  return crypto && answerUnder(policy, bytes, at, { profile, crypto });
}

async function answerUnder(policy: PolicyName, bytes: Uint8Array, at: number, dialect: Dialect): Promise<Answer> {
  if (policy === "openmls") return withDates(await judgeAsOpenMls(bytes, at, dialect));
  const [answer] = await judgeAsDirectory([bytes], at, CHOICES[policy], dialect);
  if (answer === undefined) throw new Error("expected a verdict on one package");
  return withDates(answer);
}

/** Refusals for a time have it in unix seconds, as the API has; here for people. */
function withDates(answer: Answer): Answer {
  if (answer.ok || !(answer.code === "lifetime_expired" || answer.code === "lifetime_not_yet_valid")) return answer;
  const dated = (seconds: string) => {
    const date = dateOf(BigInt(seconds));
    return date === seconds ? seconds : `${seconds} (${date})`;
  };
  return { ...answer, detail: answer.detail.replaceAll(/\d+/g, dated) };
}

const CHOICES = {
  directory: {},
  "any-lifetime": { maxTotalLifetimeSeconds: undefined },
  "grease-tolerated": { tolerateUnlistedGreaseKeyPackageExtensions: true },
} as const;

/** The code for ML-DSA is loaded only where a profile has the package signed with it. */
async function cryptoFor(bytes: Uint8Array): Promise<CryptoVerifier | undefined> {
  const needsMlDsa = PROFILES.some((profile) => {
    const decoded = KeyPackageIn.fromBytes(bytes, profile);
    return decoded.ok && isMlDsa(decoded.value.suite().signatureScheme);
  });
  if (!needsMlDsa) return batchVerifier;
  return (await import("../../mls/post-quantum/index.ts").catch(() => undefined))?.postQuantumCrypto;
}

/** KeyPackageRef in hex, RFC 9420 §5.2. */
export async function referenceOf(received: KeyPackageIn): Promise<string> {
  const ref = await makeKeyPackageRef(batchVerifier, received.suite(), received.tlsSerialize());
  return toHex(ref.asSlice());
}
