/** Repeating what is compared in turn, so that a slow spell of the machine affects every side alike. */

/** Median, least and greatest of several rounds. */
export type Spread = { readonly median: number; readonly least: number; readonly greatest: number };

/** One figure of one round. */
export type Trial = () => Promise<number>;

/**
 * Runs every trial once unmeasured and then once a round, each round beginning with the next one, so that none
 * always follows the same neighbour.
 */
export async function interleaved<Name extends string>(
  rounds: number,
  trials: { readonly [Key in Name]: Trial },
): Promise<Record<Name, Spread>> {
  const entries = Object.entries(trials) as [Name, Trial][];
  for (const [, trial] of entries) await trial();
  const figures = new Map<Name, number[]>(entries.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const first = round % entries.length;
    for (const [name, trial] of [...entries.slice(first), ...entries.slice(0, first)]) {
      figures.get(name)?.push(await trial());
    }
  }
  return Object.fromEntries([...figures].map(([name, values]) => [name, spread(values)])) as Record<Name, Spread>;
}

/** The same for one side and however many others it is compared with. */
export async function interleavedAgainst(
  rounds: number,
  ours: Trial,
  others: Readonly<Record<string, Trial>>,
): Promise<{ readonly ours: Spread; readonly others: Record<string, Spread> }> {
  const { "": spreadOfOurs, ...rest } = await interleaved<string>(rounds, { "": ours, ...others });
  if (!spreadOfOurs) throw new Error("expected a figure of our own");
  return { ours: spreadOfOurs, others: rest };
}

/** Throws RangeError for no values. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [least, greatest] = [sorted[0], sorted.at(-1)];
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (least === undefined || greatest === undefined || low === undefined || high === undefined) {
    throw new RangeError("expected at least one value");
  }
  return { median: (low + high) / 2, least, greatest };
}

/** Milliseconds that the work took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
