import { describe, expect, it } from "vitest";
import { Reader } from "../../../src/mls/codec/reader.ts";
import { Writer } from "../../../src/mls/codec/writer.ts";
import { fromHex, toHex } from "../support/vectors.ts";

/** Length headers of RFC 9420 §2.1.2, as the working group's deserialization vectors have them. */
const HEADERS: readonly (readonly [string, number])[] = [
  ["00", 0],
  ["01", 1],
  ["3f", 63],
  ["4040", 64],
  ["7fff", 16_383],
  ["80004000", 16_384],
  ["80010000", 65_536],
];

describe("a vector's length", () => {
  it.each(HEADERS)("%s is %d bytes, read and written", (header, length) => {
    const encoded = new Writer().opaque(new Uint8Array(length)).finish();
    expect(toHex(encoded.subarray(0, header.length / 2))).toBe(header);
    const reader = Reader.over(encoded);
    expect(reader.opaque().length).toBe(length);
    reader.expectEnd();
    expect(reader.failure).toBeUndefined();
  });

  it.each(["4000", "403f", "80000000", "8000003f", "80003fff", "c0", "ff", "c000000000000000"])(
    "%s is refused: longer than it need be, or of no meaning",
    (header) => {
      const reader = Reader.over(Uint8Array.of(...fromHex(header), ...new Uint8Array(20_000)));
      reader.opaque();
      expect(reader.failure?.code).toBe("InvalidVectorLength");
    },
  );

  it("that promises more than there is reserves nothing", () => {
    const reader = Reader.over(fromHex("bfffffff00"));
    expect(reader.opaque().length).toBe(0);
    expect(reader.failure).toMatchObject({ code: "EndOfStream", offset: 4 });
  });

  it("cannot be more than 2^30 - 1", () => {
    const claimed = { length: 2 ** 30 } as Uint8Array;
    expect(() => new Writer().opaque(claimed)).toThrow(RangeError);
  });
});

describe("the reader", () => {
  it("bounds every element by the end of its vector", () => {
    const reader = Reader.over(fromHex("03000102ffff"));
    expect(reader.u16s()).toEqual([]);
    expect(reader.failure?.message).toContain("odd length");
    const inner = Reader.over(fromHex("02054141414141"));
    inner.vector().opaque();
    expect(inner.failure?.code).toBe("EndOfStream");
  });

  it("keeps its first failure, and reads nothing after it", () => {
    const reader = Reader.over(fromHex("c0ffffffff"));
    reader.opaque();
    const first = reader.failure;
    expect([reader.u8(), reader.u16(), reader.u64(), reader.take(1).length, reader.remaining]).toEqual([
      0,
      0,
      0n,
      0,
      0,
    ]);
    reader.fail("TrailingData", "later");
    expect(reader.failure).toBe(first);
  });

  it("reads the whole range of a uint64", () => {
    for (const value of [0n, 1n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]) {
      expect(Reader.over(new Writer().u64(value).finish()).u64()).toBe(value);
    }
  });
});

describe("the writer", () => {
  it("refuses what does not fit its type", () => {
    for (const write of [
      () => new Writer().u8(256),
      () => new Writer().u16(-1),
      () => new Writer().u16(1.5),
      () => new Writer().u64(2n ** 64n),
      () => new Writer().u64(-1n),
    ]) {
      expect(write).toThrow(RangeError);
    }
  });

  it("grows with what is written", () => {
    const writer = new Writer();
    for (let i = 0; i < 1000; i++) writer.u16(i);
    expect(writer.finish().length).toBe(2000);
  });
});
