import { randomBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { verifyEd25519Batch } from "../../../src/mls/crypto/ed25519/ed25519-batch.ts";
import type { SignatureItem } from "../../../src/mls/crypto/provider.ts";
import { anyEd25519Item } from "./arbitrary-items.ts";
import {
  forge,
  forgeWith,
  L,
  NON_CANONICAL_SMALL_ORDER,
  SMALL_ORDER,
  scalarOf,
  verdictByDefinition,
  withShiftedS,
} from "./ed25519-forger.ts";

function honest(seed: number, message: Uint8Array): SignatureItem {
  return forge(message, { secret: scalarOf(seed), nonce: scalarOf(seed + 1 + message.length) });
}

function batchOf(count: number): SignatureItem[] {
  return Array.from({ length: count }, (_, i) => honest(i % 3, Uint8Array.of(i, i >> 8)));
}

describe("Ed25519 signatures verified in a batch", () => {
  test("get the verdict that is defined for each alone, whatever they are", () => {
    fc.assert(
      fc.property(fc.array(anyEd25519Item, { maxLength: 10 }), (items) => {
        expect(verifyEd25519Batch(items, randomBytes)).toEqual(items.map((item) => verdictByDefinition(item)));
      }),
      { numRuns: 150 },
    );
  });

  test("are valid at every size, also beyond one linear combination", () => {
    for (const count of [0, 1, 2, 3, 7, 600]) {
      expect(verifyEd25519Batch(batchOf(count), randomBytes)).toEqual(new Array(count).fill(true));
    }
  });

  test("are told apart where some of 100 are wrong", () => {
    const wrong = new Set([0, 17, 18, 50, 99]);
    const items = batchOf(100).map((item, i) =>
      wrong.has(i) ? { ...item, message: Uint8Array.of(255, 255, 255) } : item,
    );
    expect(verifyEd25519Batch(items, randomBytes)).toEqual(items.map((_, i) => !wrong.has(i)));
  });

  test("are all refused where all are wrong", () => {
    const items = batchOf(33).map((item) => withShiftedS(item, 1n));
    expect(verifyEd25519Batch(items, randomBytes)).toEqual(new Array(33).fill(false));
  });

  test("are refused where two errors cancel out, which takes random coefficients to see", () => {
    const [first, second] = batchOf(2).map((item, i) => withShiftedS(item, i === 0 ? 5n : -5n));
    if (first === undefined || second === undefined) throw new Error("expected two items");
    expect(verifyEd25519Batch([first, second], randomBytes)).toEqual([false, false]);
    const sameForAll = (length: number): Uint8Array => new Uint8Array(length).fill(7);
    expect(verifyEd25519Batch([first, second], sameForAll)).toEqual([true, true]);
  });

  test("with components of small order are never added up, so that no coefficients hide them", () => {
    const base = { secret: scalarOf(1), nonce: scalarOf(2) };
    const items = [1, 2, 3, 4, 5, 6, 7].flatMap((i) => [
      forgeWith(1, { ...base, keyTorsion: i }),
      forgeWith(3, { ...base, nonceTorsion: i }),
    ]);
    const pair = [forgeWith(2, { ...base, nonceTorsion: 4 }), forgeWith(5, { ...base, nonceTorsion: 4 })];
    const multiplesOfEight = (length: number) => new Uint8Array(length).map((_, i) => (i % 16 === 0 ? 8 : i));
    for (const random of [randomBytes, multiplesOfEight]) {
      expect(verifyEd25519Batch(items, random)).toEqual(items.map(() => false));
      expect(verifyEd25519Batch(pair, random)).toEqual([false, false]);
    }
    for (const item of items) expect(verifyEd25519Batch([item], randomBytes)).toEqual([false]);
  });

  test("with components of small order that cancel out are valid, as for everybody, in any company", () => {
    const base = { secret: scalarOf(1), nonce: scalarOf(2) };
    const items = [
      ...[1, 2, 4, 7].map((i) => forgeWith(0, { ...base, keyTorsion: i })),
      forgeWith(1, { ...base, keyTorsion: 3, nonceTorsion: 5 }),
      forgeWith(3, { ...base, keyTorsion: 1, nonceTorsion: 5 }),
    ];
    for (const item of items) expect(verifyEd25519Batch([item], randomBytes)).toEqual([true]);
    const wrong = withShiftedS(honest(1, Uint8Array.of(4)), 1n);
    const company = items.flatMap((item) => [item, wrong, honest(2, Uint8Array.of(5))]);
    expect(verifyEd25519Batch(company, randomBytes)).toEqual(company.map((_, i) => i % 3 !== 1));
  });

  test("are refused with an R of small order, though the equation holds", () => {
    const items = SMALL_ORDER.map((_, i) =>
      forge(Uint8Array.of(i), { secret: scalarOf(1), nonce: 0n, nonceTorsion: i }),
    );
    expect(verifyEd25519Batch(items, randomBytes)).toEqual(items.map(() => false));
  });

  test("are refused by keys of small order and by encodings that are not canonical", () => {
    const message = Uint8Array.of(9);
    const weak = [...SMALL_ORDER, ...NON_CANONICAL_SMALL_ORDER];
    const items = [
      ...weak.map((publicKey) => forge(message, { secret: 0n, nonce: scalarOf(5), publicKey })),
      ...NON_CANONICAL_SMALL_ORDER.map((encodedR) => forge(message, { secret: scalarOf(5), nonce: 0n, encodedR })),
      withShiftedS(honest(1, message), L),
    ];
    expect(verifyEd25519Batch([...items, honest(2, message)], randomBytes)).toEqual([...items.map(() => false), true]);
    for (const item of items) expect(verifyEd25519Batch([item], randomBytes)).toEqual([false]);
  });

  test("need as many random bytes as they ask for", () => {
    expect(() => verifyEd25519Batch(batchOf(2), () => new Uint8Array(31))).toThrow(RangeError);
  });

  test("are judged where a random coefficient happens to be zero", () => {
    const items = [withShiftedS(honest(1, Uint8Array.of(1)), 1n), honest(1, Uint8Array.of(2))];
    expect(verifyEd25519Batch(items, (length) => new Uint8Array(length))).toEqual([false, true]);
  });
});
