import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { signedDigits } from "../../../src/mls/crypto/signed-digits.ts";

describe("signed digits of a scalar", () => {
  test.each([253, 446, 448])("of %i bits are zero or odd, small and far enough apart", (bits) => {
    const widths = fc.integer({ min: 2, max: 8 });
    const top = 2n ** BigInt(bits) - 1n;
    const scalars = fc.oneof(fc.bigInt({ min: 0n, max: top }), fc.constantFrom(0n, 1n, top, top - 1n));
    fc.assert(
      fc.property(scalars, widths, (scalar, width) => {
        const digits = signedDigits(scalar, width, bits);
        expect(digits).toHaveLength(bits + 1);
        let last = Number.NEGATIVE_INFINITY;
        for (const [at, digit] of digits.entries()) {
          if (digit === 0) continue;
          expect(Math.abs(digit % 2)).toBe(1);
          expect(Math.abs(digit)).toBeLessThan(2 ** (width - 1));
          expect(at - last).toBeGreaterThanOrEqual(width);
          last = at;
        }
        expect(digits.reduce((sum, digit, at) => sum + (BigInt(digit) << BigInt(at)), 0n)).toBe(scalar);
      }),
    );
  });
});
