import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { refusalOfDecodeError, refusalOfVerifyError } from "../../../src/admission/admission-refusal.ts";
import { admit } from "../../../src/admission/admit.ts";
import {
  MAX_KEY_PACKAGE_BYTES,
  MAX_TOTAL_LIFETIME_SECONDS,
  UPLOAD_CLOCK_SKEW_SECONDS,
} from "../../../src/config/limits.ts";
import { CIPHERSUITES } from "../../../src/mls/ciphersuite.ts";
import { ProtocolVersion } from "../../../src/mls/codec/code-points.ts";
import { nobleCrypto } from "../../../src/mls/crypto/noble.ts";
import type { CryptoProvider } from "../../../src/mls/crypto/provider.ts";
import { webCrypto } from "../../../src/mls/crypto/webcrypto.ts";
import { KeyPackageIn } from "../../../src/mls/key-package/key-package-in.ts";
import { fromHex, readShared, sharedMissing } from "../support/vectors.ts";

/** A verdict: null is accepted, `*` refused with any code, `a|b` refused with one of these. */
type Verdict = string | null;
type Case = {
  readonly name: string;
  /** Unix seconds. */
  readonly at: number;
  readonly hex: string;
  readonly openmls: Verdict;
  readonly directory: Verdict;
  /** Of those that are contested. */
  readonly class?: string;
  /** What OpenMLS 0.9.2 itself said: `ok`, perhaps with more, or its error. */
  readonly seen: { readonly openmls: string };
};

/** The kinds of package on which `validate` and OpenMLS 0.9.2 disagree, and the row of docs/conformance.md. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  "pq-suite": "Post-quantum suites are unknown unless the profile `openmls-0.9` is asked for",
  "grease-listed": "GREASE that the capabilities list is supported, as an extension too",
  "compact-point-key": "ECDSA keys in compact form (SEC 1 tag 05) do not verify",
};

const matches = (wanted: Verdict, got: Verdict): boolean =>
  wanted === null || got === null ? wanted === got : wanted === "*" || wanted.split("|").includes(got);

async function byOpenMls(bytes: Uint8Array, now: number, crypto: CryptoProvider): Promise<Verdict> {
  const decoded = KeyPackageIn.fromBytes(bytes);
  if (!decoded.ok) return refusalOfDecodeError(decoded.error).code;
  const valid = await decoded.value.validate(crypto, ProtocolVersion.Mls10, { now });
  return valid.ok ? null : refusalOfVerifyError(valid.error).code;
}

async function byDirectory(items: readonly Uint8Array[], now: number, crypto: CryptoProvider): Promise<Verdict[]> {
  const policy = {
    maxKeyPackageBytes: MAX_KEY_PACKAGE_BYTES,
    maxTotalLifetimeSeconds: MAX_TOTAL_LIFETIME_SECONDS,
    uploadClockSkewSeconds: UPLOAD_CLOCK_SKEW_SECONDS,
    ciphersuites: CIPHERSUITES,
  };
  const verdicts = await admit(items, { crypto, policy, publisher: {}, now });
  return verdicts.map((verdict) => (verdict.ok ? null : verdict.code));
}

describe.skipIf(sharedMissing)(`oracle.json, made with OpenMLS 0.9.2 and mls-rs 0.57 ${sharedMissing ?? ""}`, () => {
  const { cases } = sharedMissing === undefined ? readShared<{ cases: Case[] }>("oracle.json") : { cases: [] };

  it.each([
    { name: "noble", crypto: nobleCrypto },
    { name: "webcrypto", crypto: webCrypto },
  ])("is right about every case under both policies, with $name", async ({ crypto }) => {
    const wrong: string[] = [];
    for (const { name, at, hex, openmls, directory } of cases) {
      const bytes = fromHex(hex);
      const validated = await byOpenMls(bytes, at, crypto);
      if (!matches(openmls, validated)) wrong.push(`${name}: openmls ${openmls}, got ${validated}`);
      const [admitted = null] = await byDirectory([bytes], at, crypto);
      if (!matches(directory, admitted)) wrong.push(`${name}: directory ${directory}, got ${admitted}`);
    }
    expect(wrong).toEqual([]);
    expect(cases).toHaveLength(164);
  });

  it("disagrees with OpenMLS about those packages alone of which docs/conformance.md says so", async () => {
    const disagreed = new Set<string | undefined>();
    for (const { name, at, hex, seen, class: kind } of cases) {
      const accepts = (await byOpenMls(fromHex(hex), at, nobleCrypto)) === null;
      if (accepts !== seen.openmls.startsWith("ok")) disagreed.add(kind ?? name);
    }
    expect([...disagreed].sort()).toEqual(Object.keys(DIFFERENCES).sort());
    const page = readFileSync(join(import.meta.dirname, "../../../docs/conformance.md"), "utf8");
    for (const row of Object.values(DIFFERENCES)) expect(page).toContain(`\n| ${row}`);
  });

  it("gets the same verdicts from one batch of all", async () => {
    const at = cases[0]?.at ?? 0;
    const items = cases.filter((one) => one.at === at).map(({ hex }) => fromHex(hex));
    const together = await byDirectory(items, at, nobleCrypto);
    const alone = await Promise.all(items.map(async (item) => (await byDirectory([item], at, nobleCrypto))[0]));
    expect(together).toEqual(alone);
    expect(items.length).toBeGreaterThan(100);
  });
});
