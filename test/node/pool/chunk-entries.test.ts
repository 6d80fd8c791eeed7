import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChunkEntries, type ChunkEntry, encodeEntries } from "../../../src/pool/tables/chunk-entries.ts";

/** References of the hashes that RFC 9420's ciphersuites use: SHA-256, SHA-384 and SHA-512. */
const anyRef = fc.constantFrom(32, 48, 64).chain((bytes) => fc.uint8Array({ minLength: bytes, maxLength: bytes }));
const anyTime = fc.oneof(
  fc.integer({ min: 0, max: 4_000_000_000 }),
  fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1, 2 ** 48),
  fc.maxSafeNat(),
  fc.constantFrom(Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER),
);
const anyEntry = fc.record({
  offset: fc.integer({ min: 0, max: 2 ** 16 - 1 }),
  hasLeft: fc.boolean(),
  ref: anyRef,
  notBefore: anyTime,
  notAfter: anyTime,
  length: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
});

const arbitraryChunk = fc.record({
  firstSequence: fc.integer({ min: 1, max: 2 ** 40 }),
  entries: fc.array(anyEntry, { maxLength: 30 }),
});

const entriesOf = ({
  firstSequence,
  entries,
}: {
  firstSequence: number;
  entries: (Omit<ChunkEntry, "sequence"> & { offset: number })[];
}): ChunkEntry[] => entries.map(({ offset, ...entry }) => ({ ...entry, sequence: firstSequence + offset }));

const entry = (change: Partial<ChunkEntry> = {}): ChunkEntry => ({
  sequence: 7,
  hasLeft: false,
  ref: new Uint8Array(32).fill(1),
  notBefore: 10,
  notAfter: 20,
  length: 300,
  ...change,
});

describe("the entries of a chunk", () => {
  it("come back as they were written, whatever their references, times and lengths", () => {
    fc.assert(
      fc.property(arbitraryChunk, (chunk) => {
        const entries = entriesOf(chunk);
        expect(new ChunkEntries(chunk.firstSequence, encodeEntries(chunk.firstSequence, entries)).all()).toEqual(
          entries,
        );
      }),
    );
  });

  it("keep every time to the second, up to the last that a number can hold", () => {
    for (const last of [2 ** 32, 2 ** 48, 2 ** 50, Number.MAX_SAFE_INTEGER]) {
      const written = [entry({ notBefore: last - 1, notAfter: last })];
      expect(new ChunkEntries(7, encodeEntries(7, written)).all()).toEqual(written);
    }
  });

  it("differ in one byte when a package has left", () => {
    const [before, after] = [false, true].map((hasLeft) => encodeEntries(7, [entry(), entry({ hasLeft }), entry()]));
    const differing = [...(before ?? [])].flatMap((byte, at) => (byte === after?.[at] ? [] : [at]));
    expect(after).toHaveLength(before?.length ?? Number.NaN);
    expect(differing).toEqual([24 + 32 + 2]);
  });

  it("are found, marked and summed up in place as a list of them would be", () => {
    fc.assert(
      fc.property(arbitraryChunk, anyTime, fc.array(fc.nat({ max: 29 })), (chunk, time, leaving) => {
        const list = entriesOf(chunk);
        const entries = new ChunkEntries(chunk.firstSequence, encodeEntries(chunk.firstSequence, list));
        const startOf = (position: number) => list.slice(0, position).reduce((sum, { length }) => sum + length, 0);
        const compare = () => {
          const there = list.filter(({ hasLeft }) => !hasLeft);
          const position = list.findIndex((one) => !one.hasLeft && one.notBefore <= time && one.notAfter >= time);
          expect(entries.find((notBefore, notAfter) => notBefore <= time && notAfter >= time)).toEqual(
            position < 0 ? undefined : { position, start: startOf(position), entry: list[position] },
          );
          expect(entries.summary()).toEqual({
            live: there.length,
            minNotBefore: Math.min(...there.map(({ notBefore }) => notBefore)),
            minNotAfter: Math.min(...there.map(({ notAfter }) => notAfter)),
            maxNotAfter: Math.max(...there.map(({ notAfter }) => notAfter)),
          });
        };
        compare();
        const left: [number, number][] = [];
        const expected: [number, number][] = [];
        for (const [position, one] of list.entries()) {
          if (one.hasLeft || !leaving.includes(position)) continue;
          list[position] = { ...one, hasLeft: true };
          expected.push([startOf(position), startOf(position + 1)]);
        }
        entries.markLeft(
          (position) => leaving.includes(position),
          (...place) => left.push(place),
        );
        expect(left).toEqual(expected);
        compare();
      }),
    );
  });

  it("are not read from bytes that are cut off inside an entry", () => {
    fc.assert(
      fc.property(arbitraryChunk, fc.nat(), ({ firstSequence, entries }, somewhere) => {
        const written = entriesOf({ firstSequence, entries });
        const bytes = encodeEntries(firstSequence, written);
        const ends = written.map((_, index) => encodeEntries(firstSequence, written.slice(0, index + 1)).length);
        const cut = bytes.length === 0 ? 0 : somewhere % bytes.length;
        fc.pre(cut > 0 && !ends.includes(cut));
        const cutOff = new ChunkEntries(firstSequence, bytes.subarray(0, cut));
        expect(() => cutOff.all()).toThrow(RangeError);
        expect(() => cutOff.summary()).toThrow(RangeError);
        expect(() => cutOff.find(() => false)).toThrow(RangeError);
      }),
    );
  });

  it("take 24 bytes each beside the reference", () => {
    expect(encodeEntries(7, [entry(), entry({ ref: new Uint8Array(64) })])).toHaveLength(24 + 32 + 24 + 64);
  });
});
