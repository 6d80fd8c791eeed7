import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ChunkEntry, decodeEntries, encodeEntries } from "../../../src/pool/tables/chunk-entries.ts";

const MAX_U48 = 2 ** 48 - 1;

/** References of the hashes that RFC 9420's ciphersuites use: SHA-256, SHA-384 and SHA-512. */
const anyRef = fc.constantFrom(32, 48, 64).chain((bytes) => fc.uint8Array({ minLength: bytes, maxLength: bytes }));
const anyTime = fc.oneof(
  fc.integer({ min: 0, max: 4_000_000_000 }),
  fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, MAX_U48 - 1, MAX_U48),
);
const anyEntry = fc.record({
  offset: fc.integer({ min: 0, max: 2 ** 16 - 1 }),
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

/** As storage hands bytes out: a buffer of their own. */
const stored = (bytes: Uint8Array): ArrayBuffer => bytes.slice().buffer as ArrayBuffer;

const entry = (change: Partial<ChunkEntry> = {}): ChunkEntry => ({
  sequence: 7,
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
        expect(decodeEntries(chunk.firstSequence, stored(encodeEntries(chunk.firstSequence, entries)))).toEqual(
          entries,
        );
      }),
    );
  });

  it("keep a time beyond 2^48 seconds as the last that can be written, and never as an early one", () => {
    const times = [2 ** 48, 2 ** 50, Number.MAX_SAFE_INTEGER];
    for (const time of times) {
      const encoded = encodeEntries(7, [entry({ notBefore: time, notAfter: time })]);
      expect(decodeEntries(7, stored(encoded))).toEqual([entry({ notBefore: MAX_U48, notAfter: MAX_U48 })]);
    }
  });

  it("are not read from bytes that are cut off inside an entry", () => {
    fc.assert(
      fc.property(arbitraryChunk, fc.nat(), ({ firstSequence, entries }, somewhere) => {
        const written = entriesOf({ firstSequence, entries });
        const bytes = encodeEntries(firstSequence, written);
        const ends = written.map((_, index) => encodeEntries(firstSequence, written.slice(0, index + 1)).length);
        const cut = bytes.length === 0 ? 0 : somewhere % bytes.length;
        fc.pre(cut > 0 && !ends.includes(cut));
        expect(() => decodeEntries(firstSequence, stored(bytes.subarray(0, cut)))).toThrow(RangeError);
      }),
    );
  });

  it("take 19 bytes each beside the reference", () => {
    expect(encodeEntries(7, [entry(), entry({ ref: new Uint8Array(64) })])).toHaveLength(19 + 32 + 19 + 64);
  });
});
