/**
 * `npm run fuzz -- [--seconds S] [--seed N]`: real KeyPackages, bent at random, through the decoders. What they throw,
 * and what they accept without encoding it to the same bytes again, is a failure; the input is printed in hex.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { KeyPackageIn, splitMlsMessages } from "../src/mls/index.ts";

const VECTORS = join(import.meta.dirname, "../test/vectors/peers.json");
const MAX_STEPS = 6;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
  },
});
let state = Number(values.seed) >>> 0;

/** Whole numbers below `bound` from the seed (xorshift). */
function below(bound: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % Math.max(1, bound);
}

function bend(bytes: Uint8Array): Uint8Array {
  const at = below(bytes.length);
  const length = 1 + below(8);
  switch (below(6)) {
    case 0: {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] ?? 0) ^ (1 << below(8));
      return flipped;
    }
    case 1:
      return bytes.slice(0, at);
    case 2:
      return Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at + length)]);
    case 3:
      return Uint8Array.from([...bytes.slice(0, at), ...Array.from({ length }, () => below(256)), ...bytes.slice(at)]);
    case 4:
      return Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at, at + 40), ...bytes.slice(at)]);
    default: {
      const bent = bytes.slice();
      bent[at] = [0x00, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xff][below(8)] ?? 0;
      return bent;
    }
  }
}

/** What is wrong with how the decoders take these bytes; undefined for nothing. */
function faultOf(bytes: Uint8Array): string | undefined {
  try {
    splitMlsMessages(bytes);
    const decoded = KeyPackageIn.tlsDeserializeExact(bytes);
    KeyPackageIn.fromBytes(bytes);
    if (!decoded.ok) return undefined;
    const again = decoded.value.tlsSerialize();
    return Buffer.compare(again, bytes) === 0 ? undefined : "accepted with another encoding";
  } catch (error) {
    return `thrown: ${String(error)}`;
  }
}

const { key_packages: vectors } = JSON.parse(readFileSync(VECTORS, "utf8")) as { key_packages: { hex: string }[] };
const originals = vectors.map(({ hex }) => new Uint8Array(Buffer.from(hex, "hex")));
const startedCpu = process.cpuUsage();
const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage(startedCpu);
  return (user + system) / 1e6;
};
console.log(`fuzz: ${values.seconds} s of CPU, seed ${values.seed}`);
let inputs = 0;
let accepted = 0;
while (cpuSeconds() < Number(values.seconds) && process.exitCode === undefined) {
  for (let round = 0; round < 1000; round++) {
    let bytes = originals[below(originals.length)] ?? new Uint8Array();
    for (let step = 1 + below(MAX_STEPS); step > 0; step--) bytes = bend(bytes);
    const fault = faultOf(bytes);
    inputs += 1;
    if (KeyPackageIn.tlsDeserializeExact(bytes).ok) accepted += 1;
    if (!fault) continue;
    console.log(`FAILURE ${fault}\n${Buffer.from(bytes).toString("hex")}`);
    process.exitCode = 1;
    break;
  }
}
console.log(
  JSON.stringify({ cpu_seconds: Math.round(cpuSeconds()), inputs, accepted, failures: process.exitCode ?? 0 }),
);
