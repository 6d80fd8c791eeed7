/** Packages to look at: of other implementations, and a fresh one of this library. */
import peers from "../../../test/vectors/peers.json" with { type: "json" };
import { toHex } from "../../mls/codec/byte-strings.ts";
import { generateKeyPackages, newIdentity } from "../../mls/idioms/generate-key-packages.ts";

/** By what is on their buttons. */
const SAMPLES = {
  OpenMLS: () => ofPeer("openmls-wasm", 3),
  "ts-mls": () => ofPeer("ts-mls", 1),
  "ts-mls, P-256": () => ofPeer("ts-mls", 2),
  "A fresh one": fresh,
} as const satisfies Readonly<Record<string, (now: number) => string | Promise<string>>>;

export type SampleName = keyof typeof SAMPLES;

/** In hex. `now` is in unix seconds. */
export async function sample(name: SampleName, now: number): Promise<string> {
  return SAMPLES[name](now);
}

function ofPeer(name: string, ciphersuite: number): string {
  const found = peers.key_packages.find(
    ({ source, cipher_suite }) => source.startsWith(`${name} `) && cipher_suite === ciphersuite,
  );
  if (found === undefined) throw new Error(`expected a package of ${name}`);
  return found.hex;
}

async function fresh(now: number): Promise<string> {
  const made = await generateKeyPackages({ identity: await newIdentity("alice"), count: 0, lastResort: true, now });
  if (!made.ok) throw new Error(made.error.message);
  const [bundle] = made.value;
  if (bundle === undefined) throw new Error("expected a package");
  return toHex(bundle.keyPackage().tlsSerialize());
}
