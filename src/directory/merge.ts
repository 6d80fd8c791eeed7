/** One ordered list out of those of several databases. */

/**
 * As SQLite compares texts, by their bytes in UTF-8, which is the order of code points. JavaScript's own order differs
 * for what lies beyond the first 65,536 of them.
 */
export function compareTexts(a: string, b: string): number {
  const [left, right] = [a[Symbol.iterator](), b[Symbol.iterator]()];
  for (;;) {
    const [x, y] = [left.next(), right.next()];
    if (x.done || y.done) return Number(y.done ?? false) - Number(x.done ?? false);
    const difference = (x.value.codePointAt(0) ?? 0) - (y.value.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
}

/**
 * The first `limit` of all lists, and whether there are more. Each list is in order and holds one more than `limit`
 * where it goes on. Of several with the same key, as there are while users move, the one of the newest version counts.
 */
export function mergePages<T extends { readonly version: number }>(
  lists: readonly (readonly T[])[],
  limit: number,
  keyOf: (item: T) => string,
  compare: (a: T, b: T) => number,
): { readonly rows: readonly T[]; readonly more: boolean } {
  const newest = new Map<string, T>();
  for (const item of lists.flat()) {
    const known = newest.get(keyOf(item));
    if (!known || known.version < item.version) newest.set(keyOf(item), item);
  }
  const all = [...newest.values()].sort(compare);
  return { rows: all.slice(0, limit), more: all.length > limit };
}
