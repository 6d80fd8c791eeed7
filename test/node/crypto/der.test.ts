import { p256, p384, p521 } from "@noble/curves/nist.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { derToRaw, rawToDer } from "../../../src/mls/crypto/ecdsa/der.ts";

/** r ‖ s as noble's strict decoder reads it. */
function nobleRaw(curve: typeof p256, der: Uint8Array): Uint8Array | undefined {
  try {
    return curve.Signature.fromBytes(der, "der").toBytes("compact");
  } catch {
    return undefined;
  }
}

describe.each([
  { name: "P-256", curve: p256 },
  { name: "P-384", curve: p384 },
  { name: "P-521", curve: p521 },
])("DER signatures on $name", ({ curve }) => {
  const { BYTES, ORDER } = curve.Point.Fn;
  const scalar = fc.oneof(
    fc.bigInt({ min: 1n, max: ORDER - 1n }),
    fc.constantFrom(1n, 127n, 128n, 255n, 256n, ORDER - 1n),
  );

  test("are written as noble writes them, and read back", () => {
    fc.assert(
      fc.property(scalar, scalar, (r, s) => {
        const raw = new curve.Signature(r, s).toBytes("compact");
        const der = rawToDer(raw);
        expect(der).toEqual(new curve.Signature(r, s).toBytes("der"));
        expect(derToRaw(der, BYTES)).toEqual(raw);
      }),
    );
  });

  test("with any bytes changed, put in or left out are read only where noble reads them", () => {
    const edit = fc.record({
      at: fc.nat(12),
      remove: fc.nat(2),
      insert: fc.oneof(
        fc.uint8Array({ maxLength: 3 }),
        fc.constantFrom(Uint8Array.of(0), Uint8Array.of(0x81), Uint8Array.of(0x80), Uint8Array.of(2, 1, 0)),
      ),
    });
    fc.assert(
      fc.property(scalar, scalar, edit, (r, s, { at, remove, insert }) => {
        const der = new curve.Signature(r, s).toBytes("der");
        const changed = Uint8Array.of(...der.subarray(0, at), ...insert, ...der.subarray(at + remove));
        const expected = nobleRaw(curve, changed);
        const read = derToRaw(changed, BYTES);
        // noble looks at the range of r and s too, which is left to the verification here.
        if (expected !== undefined) expect(read).toEqual(expected);
        else if (read !== undefined) expect(rawToDer(read)).toEqual(changed);
      }),
      { numRuns: 500 },
    );
  });

  test("of other forms than the shortest are refused", () => {
    const integers = Uint8Array.of(2, 1, 1, 2, 1, 1);
    expect(derToRaw(Uint8Array.of(0x30, 6, ...integers), BYTES)).toBeDefined();
    const refused = [
      [],
      [0x30],
      [0x31, 6, ...integers],
      [0x30, 0x81, 6, ...integers],
      [0x30, 0x82, 0, 6, ...integers],
      [0x30, 0x80, ...integers, 0, 0],
      [0x30, 5, ...integers],
      [0x30, 7, ...integers],
      [0x30, 7, ...integers, 0],
      [0x30, 6, ...integers, 0],
      [0x30, 3, 2, 1, 1],
      [0x30, 5, 2, 0, 2, 1, 1],
      [0x30, 7, 2, 2, 0, 1, 2, 1, 1],
      [0x30, 6, 2, 1, 0x80, 2, 1, 1],
      [0x30, 6, 3, 1, 1, 2, 1, 1],
      [0x30, 7, 2, 0x81, 1, 1, 2, 1, 1],
      [0x30, 6, 2, 4, 1, 2, 1, 1],
    ];
    for (const bytes of refused) expect(derToRaw(Uint8Array.from(bytes), BYTES)).toBeUndefined();
    const long = [2, BYTES + 1, ...new Array<number>(BYTES + 1).fill(1)];
    expect(derToRaw(Uint8Array.of(0x30, long.length + 3, ...long, 2, 1, 1), BYTES)).toBeUndefined();
  });
});
