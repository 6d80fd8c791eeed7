/**
 * How the work of decoding grows with its input, as the exponent of a power law: 1 is linear, 2 quadratic. The work is
 * counted and not timed, so the exponent is the same on every machine, however busy.
 */
import { describe, expect, it } from "vitest";
import { countWork } from "../support/work.ts";

// Code is counted if it is compiled after the counter was loaded.
const { Writer } = await import("../../../src/mls/codec/writer.ts");
const { KeyPackageIn, splitMlsMessages, X509Credential } = await import("../../../src/mls/index.ts");
const { encodeMlsMessage } = await import("../../../src/mls/key-package/mls-message.ts");
const { forge } = await import("../support/forge.ts");

const SIZES = [2_000, 4_000, 8_000, 16_000];
/** For the algorithms that the classifier is tried on: large enough to tell, and what is quadratic still ends soon. */
const TRIAL_SIZES = SIZES.map((size) => size / 20);
/** Linear, with room for the logarithm that a sort adds, and far from quadratic. */
const ACCEPTED_EXPONENT = 1.3;

/** The slope of the least-squares line through the logarithms of size and work. */
function growthExponent(work: (size: number) => () => unknown, sizes: readonly number[] = SIZES): number {
  const points = sizes.map((size) => ({ x: Math.log(size), y: Math.log(countWork(work(size))) }));
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
  if (!decoded.value.intoUnchecked().ok) throw new Error("expected a package that decodes as a whole");
}

const range = (size: number) => Array.from({ length: size }, (_, i) => 0x1000 + i);
const none = new Uint8Array(0);

const shapes: Readonly<Record<string, (size: number) => Promise<Uint8Array>>> = {
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

/** Algorithms that look at all before for each element, each in a way that a decoder could. */
const QUADRATIC: Readonly<Record<string, (size: number) => unknown>> = {
  "a loop within a loop": (size) => {
    let pairs = 0;
    for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) pairs++;
    return pairs;
  },
  "a list searched by its own method": (size) => {
    const seen: number[] = [];
    for (let i = 0; i < size; i++) if (!seen.includes(i)) seen.push(i);
    return seen;
  },
  "a list searched by a callback": (size) => {
    const seen: number[] = [];
    for (let i = 0; i < size; i++) if (!seen.some((one) => one === i)) seen.push(i);
    return seen;
  },
  "a list copied for each element": (size) => {
    let seen: readonly number[] = [];
    for (let i = 0; i < size; i++) seen = [...seen.slice(-size / 2), i];
    return seen;
  },
  "bytes copied for each element": (size) => {
    let rest = new Uint8Array(size);
    while (rest.length > 0) rest = rest.slice(1);
    return rest;
  },
  "a set made anew for each element": (size) => {
    const all = range(size);
    return all.filter((one) => new Set(all).has(one));
  },
};

const LINEAR: Readonly<Record<string, (size: number) => unknown>> = {
  "a set that is asked for each element": (size) => {
    const seen = new Set<number>();
    for (let i = 0; i < size; i++) if (!seen.has(i)) seen.add(i);
    return seen;
  },
  "a list in which the first one is always found": (size) => {
    const all = range(size);
    return all.filter(() => all.includes(0x1000) && all.some((one) => one === 0x1000));
  },
  "a view of the bytes for each element": (size) => {
    let rest = new Uint8Array(size);
    while (rest.length > 0) rest = rest.subarray(1);
    return rest;
  },
  "a sort": (size) => range(size).sort((a, b) => ((a * 7919) % 65_521) - ((b * 7919) % 65_521)),
};

describe("the classifier", () => {
  it.each(Object.entries(QUADRATIC))("catches %s", (_, algorithm) => {
    expect(growthExponent((size) => () => algorithm(size), TRIAL_SIZES)).toBeGreaterThan(1.9);
  });

  it.each(Object.entries(LINEAR))("lets a linear one pass: %s", (_, algorithm) => {
    expect(growthExponent((size) => () => algorithm(size), TRIAL_SIZES)).toBeLessThan(ACCEPTED_EXPONENT);
  });

  it("counts the same each time", async () => {
    const bytes = await forge({ proposals: range(100) });
    const counts = Array.from({ length: 20 }, () => countWork(() => decodeWhole(bytes)));
    expect(new Set(counts).size).toBe(1);
    expect(counts[0]).toBeGreaterThan(bytes.length);
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
    const message = encodeMlsMessage(await forge());
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
