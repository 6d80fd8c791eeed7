/**
 * The members of a query, those that stand for numbers as numbers. What is no number stays text, and what is named more
 * than once a list: both to be refused, as nobody can tell which of two values was meant.
 */
export function readQuery(
  query: Readonly<Record<string, readonly string[]>>,
  numbers: readonly string[] = [],
): Record<string, string | number | readonly string[]> {
  return Object.fromEntries(
    Object.entries(query).map(([name, texts]) => {
      const [text = ""] = texts;
      if (texts.length !== 1) return [name, texts];
      return [name, numbers.includes(name) && /^[0-9]{1,16}$/.test(text) ? Number(text) : text];
    }),
  );
}
