import { describe, expect, it } from "vitest";
import { at } from "../../../src/mls/crypto/at.ts";
import {
  decodePoint,
  emptyTable,
  oddMultiples,
  SCALAR_BITS,
  sumOfMultiples,
} from "../../../src/mls/crypto/ed25519/edwards25519.ts";
import { decodeElement, fieldElement } from "../../../src/mls/crypto/ed25519/field25519.ts";
import { signedDigits } from "../../../src/mls/crypto/signed-digits.ts";

const BASE_POINT = Uint8Array.of(0x58, ...new Array<number>(31).fill(0x66));

describe("an element that must exist", () => {
  it("is read, also when it is zero", () => {
    expect(at([5n, 0n], 1)).toBe(0n);
    expect(at(Uint8Array.of(7), 0)).toBe(7);
  });

  it("is a RangeError where it is missing, instead of a default that computes", () => {
    expect(() => at([1n], 1)).toThrow(RangeError);
    expect(() => at(Uint8Array.of(7), -1)).toThrow(RangeError);
  });

  it("ends a sum of points where a digit or a multiple is missing", () => {
    const point = decodePoint(BASE_POINT);
    if (point === undefined) throw new Error("expected the base point to decode");
    const term = { oddMultiples: oddMultiples(point, 4), digits: signedDigits(2n ** 252n + 7n, 4, SCALAR_BITS) };
    expect(() => sumOfMultiples([{ ...term, digits: term.digits.subarray(1) }])).toThrow(RangeError);
    expect(() => sumOfMultiples([{ ...term, oddMultiples: emptyTable(2).slice(1) }])).toThrow(RangeError);
  });

  it("is demanded of an encoded field element too", () => {
    const buffer = new Uint8Array(64);
    expect(() => decodeElement(fieldElement(0n), buffer.subarray(0, 31))).toThrow(RangeError);
  });
});
