/**
 * Fuzzes decoding and validation: `npm run fuzz -- [--seconds N] [--seed N]`. Mutations of real packages, one on top of
 * another, and every outcome held against what must be true of it. Prints the seed; ends with 1 at the first violation,
 * with the bytes that made it.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { nobleCrypto } from "../src/mls/crypto/noble.ts";
import { KeyPackageIn } from "../src/mls/key-package/key-package-in.ts";
import { encodeMlsMessage, splitMlsMessages } from "../src/mls/key-package/mls-message.ts";
import { MUTATION_KINDS, mutate } from "../test/node/support/mutate.ts";
import { reencode } from "../test/node/support/reencode.ts";
import { natural, positive, readOptions } from "./lib/args.ts";
import { seededRandom } from "./lib/random.ts";

/** A time inside the lifetimes of the packages that the fuzzer starts from. */
const NOW = 1_795_467_034;
const MAX_MUTATIONS = 6;
/** Corpus entries that decode are kept, up to this many, as ground for further mutations. */
const MAX_CORPUS = 2_000;
/** A decoder that needs more of the processor than this for a package of a few KiB hangs. */
const MAX_CPU_MILLISECONDS_PER_INPUT = 1_000;

const { seconds, seed } = readOptions("npm run fuzz -- [--seconds N] [--seed N]", () => {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "10" },
      seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    },
  });
  return { seconds: positive("--seconds", values.seconds), seed: natural("--seed", values.seed) };
});

const { u32: random, pick } = seededRandom(seed);
const originals = corpus();
const grown: Uint8Array[] = [];
const counts = { inputs: 0, decoded: 0, validated: 0 };
const refusals = new Map<string, number>();
const end = Date.now() + seconds * 1000;
process.stdout.write(`fuzz: seed ${seed}, ${seconds} s, ${originals.size} packages to start from\n`);

while (Date.now() < end) {
  const base = pick(random() % 3 === 0 && grown.length > 0 ? grown : [...originals.values()]);
  let input = base;
  for (let step = random() % MAX_MUTATIONS; step >= 0; step--) {
    input = mutate(input, { kind: pick(MUTATION_KINDS), at: random(), value: random() });
  }
  counts.inputs++;
  const start = process.cpuUsage();
  try {
    await check(input);
  } catch (cause) {
    fail(input, cause instanceof Error ? cause.message : String(cause));
  }
  // CPU time, not the clock: other work on the machine is no fault of a decoder.
  const spent = process.cpuUsage(start);
  const took = (spent.user + spent.system) / 1000;
  if (took > MAX_CPU_MILLISECONDS_PER_INPUT) fail(input, `took ${took.toFixed(0)} ms of CPU`);
}

const { user, system } = process.cpuUsage();
const byCode = [...refusals].sort(([, a], [, b]) => b - a).map(([code, count]) => `${code} ${count}`);
process.stdout.write(
  `fuzz: ${counts.inputs} inputs, ${counts.decoded} decoded, ${counts.validated} validated, ${((user + system) / 1e6).toFixed(0)} s of CPU\nfuzz: refused: ${byCode.join(", ")}\n`,
);

async function check(input: Uint8Array): Promise<void> {
  splitMlsMessages(input);
  const wrapped = KeyPackageIn.fromBytes(encodeMlsMessage(input));
  const decoded = KeyPackageIn.tlsDeserializeExact(input);
  if (!decoded.ok) return count(decoded.error.code);
  counts.decoded++;
  if (grown.length < MAX_CORPUS) grown.push(input);
  if (!same(reencode(decoded.value), input)) throw new Error("decoded bytes that are not canonical");
  const { protocolVersion } = decoded.value.unverified();
  if (protocolVersion === 1 && !wrapped.ok) throw new Error("another verdict inside an MLSMessage");
  // Of another version it is no MLSMessage (RFC 9420 §6): the same bytes may still be a bare package of suite 5.
  if (protocolVersion !== 1 && wrapped.ok && !same(reencode(wrapped.value), encodeMlsMessage(input))) {
    throw new Error("another version inside an MLSMessage");
  }
  const validated = await decoded.value.validate(nobleCrypto, 1, { now: NOW });
  if (!validated.ok) return count(validated.error.code);
  counts.validated++;
  if (!originals.has(hex(input))) throw new Error("accepted a package that was never signed");
}

function corpus(): Map<string, Uint8Array> {
  const file = new URL("../test/vectors/peers.json", import.meta.url);
  const { key_packages } = JSON.parse(readFileSync(file.pathname, "utf8")) as { key_packages: { hex: string }[] };
  return new Map(key_packages.map((entry) => [entry.hex, new Uint8Array(Buffer.from(entry.hex, "hex"))]));
}

function count(code: string): void {
  refusals.set(code, (refusals.get(code) ?? 0) + 1);
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function fail(input: Uint8Array, reason: string): never {
  process.stderr.write(`fuzz: ${reason}\nfuzz: seed ${seed}, input ${hex(input)}\n`);
  process.exit(1);
}
