/** Less says nothing of what it begins. */
const LEAST_CHARACTERS = 40;

/** As much of a text as its whole sentences allow, or, if that is next to nothing, its whole words and an ellipsis. */
export function beginning(text: string, mostCharacters: number): string {
  const ends = [...text.matchAll(/[.!?](?= \p{Lu}|$)/gu)].map(({ index }) => index + 1);
  // A sentence that ends with a colon says nothing without what it leads to.
  const end = ends.findLast((at) => at >= LEAST_CHARACTERS && at <= mostCharacters);
  if (end !== undefined) return text.slice(0, end);
  const words = text.length <= mostCharacters ? text : text.slice(0, mostCharacters).replace(/\s+\S*$/, "");
  return `${words.replace(/[\s,;:([]+$/, "")}…`;
}
