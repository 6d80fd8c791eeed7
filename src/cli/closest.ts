/** What somebody may have meant who mistyped a name. */

/** Letters that may be wrong, by the length of the name: "cliam" is claim, and "pull" is no publish. */
const mistakesIn = (name: string): number => Math.min(2, Math.floor(name.length / 3));

/** The name that the fewest changes make of what was given; undefined if none is near. */
export function closest(given: string, names: readonly string[]): string | undefined {
  let best: { readonly name: string; readonly changes: number } | undefined;
  for (const name of names) {
    const changes = changesBetween(given, name);
    if (changes <= mistakesIn(name) && changes < (best?.changes ?? Infinity)) best = { name, changes };
  }
  return best?.name;
}

/** Letters that are added, left out, replaced, or swapped with the next one (optimal string alignment). */
function changesBetween(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current.push(
        Math.min(
          at(last, column) + 1,
          at(current, column - 1) + 1,
          at(last, column - 1) + (isSame ? 0 : 1),
          isSwapped ? at(beforeLast, column - 2) + 1 : Infinity,
        ),
      );
    }
    beforeLast = last;
    last = current;
  }
  return at(last, to.length);
}

const at = (row: readonly number[], column: number): number => row[column] ?? Infinity;
