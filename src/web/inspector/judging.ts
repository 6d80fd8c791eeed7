/** Verdicts and references: all that needs cryptography, so that it is loaded after what shows the bytes. */
import { type CheckResult, checksBehind } from "../../inspect/checks.ts";
import { type Answer, judgeAsDirectory, judgeAsOpenMls } from "../../inspect/judge.ts";
import { toHex } from "../../mls/codec/byte-strings.ts";
import { nobleCrypto } from "../../mls/crypto/noble.ts";
import type { KeyPackageIn } from "../../mls/key-package/key-package-in.ts";
import { makeKeyPackageRef } from "../../mls/key-package/key-package-ref.ts";
import { POLICY_NAMES, type PolicyName } from "./policy-names.ts";

export type Verdict = { readonly answer: Answer; readonly checks: readonly CheckResult[] };
export type Verdicts = Readonly<Record<PolicyName, Verdict>>;

/** What each policy says of the bytes at a time in unix seconds. */
export async function verdictsOn(bytes: Uint8Array, at: number): Promise<Verdicts> {
  const judged = POLICY_NAMES.map(async (policy) => [policy, await verdictUnder(policy, bytes, at)] as const);
  return Object.fromEntries(await Promise.all(judged)) as Verdicts;
}

async function verdictUnder(policy: PolicyName, bytes: Uint8Array, at: number): Promise<Verdict> {
  const answer = await answerUnder(policy, bytes, at);
  return { answer, checks: checksBehind(policy === "openmls" ? "openmls" : "directory", answer) };
}

async function answerUnder(policy: PolicyName, bytes: Uint8Array, at: number): Promise<Answer> {
  if (policy === "openmls") return judgeAsOpenMls(bytes, at);
  const [answer] = await judgeAsDirectory([bytes], at, CHOICES[policy]);
  if (answer === undefined) throw new Error("expected a verdict on one package");
  return answer;
}

const CHOICES = {
  directory: {},
  "any-lifetime": { maxTotalLifetimeSeconds: undefined },
  "grease-tolerated": { tolerateUnlistedGreaseKeyPackageExtensions: true },
} as const;

/** KeyPackageRef in hex, RFC 9420 §5.2. */
export async function referenceOf(received: KeyPackageIn): Promise<string> {
  const ref = await makeKeyPackageRef(nobleCrypto, received.suite(), received.tlsSerialize());
  return toHex(ref.asSlice());
}
