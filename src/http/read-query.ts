/** The members of a query with those that stand for numbers as numbers; what is no number stays text, to be refused. */
export function readNumbers(
  query: Readonly<Record<string, string>>,
  numbers: readonly string[],
): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(query).map(([name, text]) => [
      name,
      numbers.includes(name) && /^[0-9]{1,15}$/.test(text) ? Number(text) : text,
    ]),
  );
}
