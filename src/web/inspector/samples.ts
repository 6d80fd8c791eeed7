/** Packages to look at: of six implementations, in suites of RFC 9420 and beyond. */
import others from "../../../test/vectors/samples.json" with { type: "json" };
import { toHex } from "../../mls/codec/byte-strings.ts";
import { nobleCrypto } from "../../mls/crypto/noble.ts";
import type { CryptoProvider } from "../../mls/crypto/provider.ts";
import { generateKeyPackages, newIdentity } from "../../mls/idioms/generate-key-packages.ts";
import { PROFILES } from "../../mls/named-profiles.ts";
import { suiteOf } from "../../mls/suite-profile.ts";

/** `at` is the time at which to judge it, in unix seconds: others made theirs a while ago. Undefined for now. */
export type Sample = { readonly hex: string; readonly at: number | undefined };

/** By the name that its button has; one of this library is made on the spot. `now` is in unix seconds. */
export async function sample(name: string, now: number): Promise<Sample> {
  if (name === "fresh") return { hex: await fresh(now, undefined), at: undefined };
  if (name === "fresh-ml-dsa") return { hex: await fresh(now, OF_ML_DSA), at: undefined };
  const found = others.samples.find((one) => one.name === name);
  if (found === undefined) throw new Error(`expected a sample with the name ${name}`);
  return { hex: found.hex, at: others.judged_at };
}

/** 192_MLKEM768_AES256GCM_SHA384_MLDSA65 under the number that OpenMLS gives it. */
const OF_ML_DSA = { profile: "openmls-0.9", number: 81 } as const;

async function fresh(now: number, chosen: typeof OF_ML_DSA | undefined): Promise<string> {
  const profile = PROFILES.find(({ name }) => name === chosen?.profile);
  const suite = chosen && profile && suiteOf(profile, chosen.number);
  const crypto: CryptoProvider =
    suite === undefined ? nobleCrypto : (await import("../../mls/post-quantum/index.ts")).postQuantumCrypto;
  const identity = await newIdentity("alice", { crypto, ...(suite && { ciphersuite: suite }) });
  const made = await generateKeyPackages({ identity, count: 0, lastResort: true, now, crypto });
  if (!made.ok) throw new Error(made.error.message);
  const [bundle] = made.value;
  if (bundle === undefined) throw new Error("expected a package");
  return toHex(bundle.keyPackage().tlsSerialize());
}
