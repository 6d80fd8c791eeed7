/** What the budgets of a user and its clients bound, in words. Their names are those of docs/storage-schema.md. */

export type BudgetWords = {
  /** What is counted; `claimer` or `capability` is who it is counted of. */
  readonly text: string;
  readonly claimer?: string;
  readonly capability?: string;
};

const OF_CLIENT: ReadonlyMap<string, string> = new Map([
  ["target", "one-time packages that left this client"],
  ["reserve", "one-time packages that left this client to users who had not claimed from it for a while"],
  ["missed", "claims that found nothing and were written into the journal"],
  ["uploads", "packages that this client stored"],
  ["refusals", "packages of this client that were refused"],
]);

const OF_USER: ReadonlyMap<string, string> = new Map([
  ["uploads", "packages that all clients of the user stored"],
  ["registrations", "registrations of clients"],
]);

/** Behind these the name of who claimed follows. */
const OF_ONE: readonly (readonly [prefix: string, text: string, of: "claimer" | "capability"])[] = [
  ["pair:", "packages claimed from this client by", "claimer"],
  ["miss:", "claims that found nothing at this client, by", "claimer"],
  ["capability:", "packages claimed from this client with the capability", "capability"],
  ["capability_miss:", "claims that found nothing at this client, with the capability", "capability"],
];

/** Of a budget of a client, or of the user as a whole. A name that is not known here is what there is to say. */
export function budgetInWords(name: string, ofClient: boolean): BudgetWords {
  const one = ofClient ? OF_ONE.find(([prefix]) => name.startsWith(prefix)) : undefined;
  if (one === undefined) return { text: (ofClient ? OF_CLIENT : OF_USER).get(name) ?? name };
  const [prefix, text, of] = one;
  return { text, [of]: name.slice(prefix.length) };
}
