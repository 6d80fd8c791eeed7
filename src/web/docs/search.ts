/** The search over all pages, loaded when the page has nothing else to do, or somebody searches. */
import MiniSearch from "minisearch";

export type Hit = { readonly id: string; readonly page: string; readonly heading: string; readonly text: string };
export type Search = (words: string) => readonly Hit[];

export async function loadSearch(): Promise<Search> {
  const response = await fetch("/docs/search.json");
  if (!response.ok) throw new Error(`expected the index of the search, got ${response.status}`);
  const entries = await response.text();
  // Made for the first words: the page that only keeps it is not held up.
  let index: MiniSearch<Hit> | undefined;
  return (words) => {
    index ??= indexOf(JSON.parse(entries) as Hit[]);
    return index.search(words) as unknown as Hit[];
  };
}

function indexOf(entries: readonly Hit[]): MiniSearch<Hit> {
  const index = new MiniSearch<Hit>({
    fields: ["heading", "text", "page"],
    storeFields: ["page", "heading", "text"],
    // `claim_budget` is found by `budget` too.
    tokenize: (text) => text.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== ""),
    searchOptions: { boost: { heading: 4, page: 2 }, prefix: true, fuzzy: 0.15, combineWith: "AND" },
  });
  index.addAll(entries);
  return index;
}
