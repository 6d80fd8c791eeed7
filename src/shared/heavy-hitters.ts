/**
 * Who occurs most among very many, in bounded memory: the summary of Misra and Gries, which can also be merged (Agarwal
 * and others, Mergeable Summaries, 2012). What is counted is never above the truth, and below it by `missed` at most,
 * which is at most `total / (capacity + 1)`: so whoever has more than that share of all is in the summary, whatever
 * names others make up.
 */
export type Tally = {
  readonly counts: Map<string, number>;
  /** Everything that was counted, whoever it was. */
  total: number;
  /** By how much a count may be too low, and what somebody who is not there may have had. */
  missed: number;
};

/** One that is not counted into. */
export type Counted = { readonly counts: ReadonlyMap<string, number>; readonly total: number; readonly missed: number };

export const newTally = (): Tally => ({ counts: new Map(), total: 0, missed: 0 });

/** Holds at most twice `capacity` names between trims, so that a trim is paid for by as many additions. */
export function add(tally: Tally, name: string, capacity: number): void {
  tally.counts.set(name, (tally.counts.get(name) ?? 0) + 1);
  tally.total++;
  if (tally.counts.size > 2 * capacity) trim(tally, capacity);
}

/** Adds all of `other`, and keeps at most `capacity` names. */
export function merge(tally: Tally, other: Counted, capacity: number): void {
  for (const [name, count] of other.counts) tally.counts.set(name, (tally.counts.get(name) ?? 0) + count);
  tally.total += other.total;
  tally.missed += other.missed;
  trim(tally, capacity);
}

/** Takes from each what the first one has that there is no room for: each such step takes it from more than `capacity` names. */
export function trim(tally: Tally, capacity: number): void {
  const cut = [...tally.counts.values()].toSorted((a, b) => b - a)[capacity];
  if (cut === undefined) return;
  for (const [name, count] of tally.counts) {
    if (count > cut) tally.counts.set(name, count - cut);
    else tally.counts.delete(name);
  }
  tally.missed += cut;
}

/** The first `limit`, the most frequent first. */
export const top = ({ counts }: Counted, limit: number): readonly (readonly [name: string, count: number])[] =>
  [...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, limit);
