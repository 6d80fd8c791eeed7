/** Choices that a seed repeats (mulberry32): good enough to choose with, and no secret. */

export type Random = {
  /** At least 0 and below 1. */
  readonly fraction: () => number;
  /** 32 bits. */
  readonly u32: () => number;
  /** One of the items. Throws if there is none. */
  readonly pick: <T>(items: readonly T[]) => T;
};

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const u32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const fraction = (): number => u32() / 2 ** 32;
  return {
    u32,
    fraction,
    pick: (items) => {
      const item = items[Math.floor(fraction() * items.length)];
      if (item === undefined) throw new Error("nothing to pick from");
      return item;
    },
  };
}
