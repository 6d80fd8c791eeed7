/**
 * Which package a client gives to a claim, or why it gives none. Pure: what the decision rests on is handed in.
 *
 * Looking for a package costs a read, so that fact is a function: the last resort is not touched while a one-time package
 * can be given, and a claimer over its budget costs no read at all. All of it happens in one transaction, so a fact is
 * the same whenever it is asked for.
 */
import { satisfies } from "../../../contract/capability-lists.ts";
import type { ClaimCriteria } from "../../../contract/claim-messages.ts";
import type { Found } from "../../tables/chunks-table.ts";
import type { Queue } from "../../tables/clients-table.ts";
import type { ClaimWaits } from "./claim-budgets.ts";

export type ClaimFacts = ClaimWaits & {
  /** The claimer's own client, or one that the claim leaves out. */
  readonly excluded: boolean;
  readonly criteria: ClaimCriteria;
  /** The client's queues, empty ones too. */
  readonly queues: readonly Queue[];
  /** The oldest package of a queue that is valid now and lives as long as the claim asks. */
  readonly oldest: (queue: Queue) => Found | undefined;
};

export type Choice = { readonly queue: Queue; readonly found: Found };

export type Decision =
  /** One package, or one of each group of a bundle in their order; all of them one-time, or all last resorts. */
  | { readonly kind: "give"; readonly lastResort: boolean; readonly choices: readonly Choice[] }
  | { readonly kind: "excluded" | "exhausted" | "incompatible" }
  | { readonly kind: "pair_limited" | "target_limited"; readonly waitMs: number };

export function decide(facts: ClaimFacts): Decision {
  if (facts.excluded) return { kind: "excluded" };
  if (facts.pairWaitMs > 0) return { kind: "pair_limited", waitMs: facts.pairWaitMs };

  const groups = groupsOf(facts.criteria);
  const fitting = facts.queues.filter((queue) => fits(queue, groups, facts.criteria));
  const oneTime = pickEach(facts, groups, fitting, false);
  if (oneTime && facts.targetWaitMs === 0) return { kind: "give", lastResort: false, choices: oneTime };

  // The last resort is what a client gives when its one-time packages are used up, or rationed.
  const lastResort = facts.criteria.allowLastResort ? pickEach(facts, groups, fitting, true) : undefined;
  if (lastResort) return { kind: "give", lastResort: true, choices: lastResort };
  if (oneTime) return { kind: "target_limited", waitMs: facts.targetWaitMs };
  // One who asks again and again for what is not there is told when to ask, and costs nothing more.
  if (facts.missWaitMs > 0) return { kind: "pair_limited", waitMs: facts.missWaitMs };
  const canServe = groups.every((group) => fitting.some(({ ciphersuite }) => group.includes(ciphersuite)));
  return { kind: canServe || facts.queues.length === 0 ? "exhausted" : "incompatible" };
}

/** The groups of suites of which one package each is wanted. */
export const groupsOf = ({ ciphersuites, bundle }: ClaimCriteria): readonly (readonly number[])[] =>
  bundle ?? [ciphersuites];

function fits(
  queue: Queue,
  groups: readonly (readonly number[])[],
  { requiredCapabilities }: Pick<ClaimCriteria, "requiredCapabilities">,
): boolean {
  if (!groups.some((group) => group.includes(queue.ciphersuite))) return false;
  const { extensions, proposals, credentials } = requiredCapabilities;
  if (extensions.length + proposals.length + credentials.length === 0) return true;
  return satisfies(queue.capabilities, requiredCapabilities);
}

/** One package of each group; undefined if any group has none. */
function pickEach(
  facts: ClaimFacts,
  groups: readonly (readonly number[])[],
  fitting: readonly Queue[],
  lastResort: boolean,
): readonly Choice[] | undefined {
  const choices: Choice[] = [];
  for (const group of groups) {
    const choice = pick(facts, group, fitting, lastResort);
    if (!choice) return undefined;
    choices.push(choice);
  }
  return choices;
}

/** The oldest package of the most preferred ciphersuite that has one. */
function pick(
  { oldest }: ClaimFacts,
  ciphersuites: readonly number[],
  fitting: readonly Queue[],
  lastResort: boolean,
): Choice | undefined {
  for (const ciphersuite of ciphersuites) {
    let best: Choice | undefined;
    for (const queue of fitting) {
      if (queue.ciphersuite !== ciphersuite || queue.lastResort !== lastResort || queue.live === 0) continue;
      const found = oldest(queue);
      if (found && (!best || found.entry.sequence < best.found.entry.sequence)) best = { queue, found };
    }
    if (best) return best;
  }
  return undefined;
}
