/**
 * How decoding time grows with its input, as the exponent of a power law: 1 is linear, 2 quadratic. Exponents do not
 * depend on how fast a machine is; the best of several rounds keeps out what else it does meanwhile.
 */
import { describe, expect, it } from "vitest";
import { Writer } from "../../../src/mls/codec/writer.ts";
import { KeyPackageIn, splitMlsMessages, X509Credential } from "../../../src/mls/index.ts";
import { encodeMlsMessage } from "../../../src/mls/key-package/mls-message.ts";
import { forge } from "../../support/forge.ts";

const SIZES = [2_000, 4_000, 8_000, 16_000];
const ROUNDS = 9;
/** Between linear with what allocation and caches add, and quadratic. */
const ACCEPTED_EXPONENT = 1.5;

function bestMilliseconds(work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** The slope of the least-squares line through the logarithms of size and time. */
function growthExponent(work: (size: number) => () => unknown): number {
  const prepared = SIZES.map((size) => ({ size, run: work(size) }));
  for (const { run } of prepared) run();
  const points = prepared.map(({ size, run }) => ({ x: Math.log(size), y: Math.log(bestMilliseconds(run)) }));
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x0, y0] = [mean(points.map(({ x }) => x)), mean(points.map(({ y }) => y))];
  const covariance = points.reduce((sum, { x, y }) => sum + (x - x0) * (y - y0), 0);
  return covariance / points.reduce((sum, { x }) => sum + (x - x0) ** 2, 0);
}

/** All that is done with a package before its signatures. */
function decodeWhole(bytes: Uint8Array): void {
  const decoded = KeyPackageIn.fromBytes(bytes);
  if (!decoded.ok) throw new Error(decoded.error.message);
  decoded.value.unlistedExtensionTypes();
  if (!decoded.value.intoUnchecked().ok) throw new Error("expected a package that may stand");
}

const range = (size: number) => Array.from({ length: size }, (_, i) => 0x1000 + i);
const none = new Uint8Array(0);

const shapes: Readonly<Record<string, (size: number) => Uint8Array>> = {
  "a long list of capabilities": (size) => forge({ proposals: range(size) }),
  "many extensions, all listed": (size) =>
    forge({
      extensions: range(size),
      keyPackageExtensions: range(size).map((extensionType) => ({ extensionType, data: none })),
    }),
  "many extensions in the leaf, none listed": (size) =>
    forge({ leafExtensions: range(size).map((extensionType) => ({ extensionType, data: none })) }),
  "many components": (size) => {
    const writer = new Writer().vector((entries) => {
      for (const id of range(size)) entries.u16(id).opaque(none);
    });
    return forge({ keyPackageExtensions: [{ extensionType: 6, data: writer.finish() }] });
  },
  "a long identity": (size) => forge({ credential: new Uint8Array(size * 20) }),
};

describe("the classifier", () => {
  it("catches a decoder that looks at all before for each element", () => {
    const quadratic = (size: number) => () => {
      const seen: number[] = [];
      for (let i = 0; i < size; i++) if (!seen.includes(i)) seen.push(i);
      return seen;
    };
    expect(growthExponent(quadratic)).toBeGreaterThan(ACCEPTED_EXPONENT);
  });

  it("lets a linear one pass", () => {
    const linear = (size: number) => () => {
      const seen = new Set<number>();
      for (let i = 0; i < size; i++) if (!seen.has(i)) seen.add(i);
      return seen;
    };
    expect(growthExponent(linear)).toBeLessThan(ACCEPTED_EXPONENT);
  });
});

describe("decoding grows with its input and not faster", () => {
  it.each(Object.keys(shapes))("with %s", async (name) => {
    const make = shapes[name];
    if (make === undefined) throw new Error("no such shape");
    const inputs = new Map(await Promise.all(SIZES.map(async (size) => [size, await make(size)] as const)));
    const exponent = growthExponent((size) => () => decodeWhole(inputs.get(size) ?? none));
    expect(exponent).toBeLessThan(ACCEPTED_EXPONENT);
  });

  it("with many messages in one body", async () => {
    const message = encodeMlsMessage(forge());
    const bodies = new Map(SIZES.map((size) => [size, Buffer.concat(new Array(size / 20).fill(message))] as const));
    expect(growthExponent((size) => () => splitMlsMessages(bodies.get(size) ?? none))).toBeLessThan(ACCEPTED_EXPONENT);
  });

  it("with a long chain of certificates", () => {
    const credentials = new Map(
      SIZES.map((size) => [size, new X509Credential(new Array<Uint8Array>(size).fill(none)).toCredential()] as const),
    );
    const exponent = growthExponent((size) => () => {
      const credential = credentials.get(size);
      return credential && X509Credential.fromCredential(credential);
    });
    expect(exponent).toBeLessThan(ACCEPTED_EXPONENT);
  });
});
