/** A count in bounded memory: what is promised of it holds for whatever comes in whatever order. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { add, merge, newTally, top } from "../../../src/shared/heavy-hitters.ts";

const CAPACITY = 3;
/** Few names that occur often among many that occur once. */
const stream = fc.array(fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 5, max: 500 })).map(String), {
  maxLength: 300,
});

const truth = (names: readonly string[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
};

it("is never above the truth, below it by what it says at most, and that is a small share, merged or not", () => {
  fc.assert(
    fc.property(fc.array(stream, { maxLength: 5 }), (streams) => {
      const merged = newTally();
      for (const names of streams) {
        const tally = newTally();
        for (const name of names) {
          add(tally, name, CAPACITY);
          expect(tally.counts.size).toBeLessThanOrEqual(2 * CAPACITY);
        }
        merge(merged, tally, CAPACITY);
      }
      const all = streams.flat();
      expect(merged.total).toBe(all.length);
      expect(merged.counts.size).toBeLessThanOrEqual(CAPACITY);
      expect(merged.missed).toBeLessThanOrEqual(all.length / (CAPACITY + 1));
      for (const [name, count] of truth(all)) {
        const shown = merged.counts.get(name) ?? 0;
        expect(shown).toBeLessThanOrEqual(count);
        expect(shown).toBeGreaterThanOrEqual(count - merged.missed);
      }
    }),
  );
});

it("finds who has a large share among names that were made up to hide them", () => {
  const tally = newTally();
  for (let index = 0; index < 10_000; index++) add(tally, index % 3 === 0 ? "mallory" : `made-up-${index}`, CAPACITY);
  expect(top(tally, 1)).toEqual([["mallory", expect.any(Number)]]);
});

it("shows the most frequent first, and those that are equal in the order of their names", () => {
  const tally = newTally();
  for (const name of ["b", "c", "a", "c"]) add(tally, name, CAPACITY);
  expect(top(tally, 2)).toEqual([
    ["c", 2],
    ["a", 1],
  ]);
});
