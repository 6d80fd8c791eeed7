/**
 * Which package a client gives to a claim, or why it gives none. Pure: what the decision rests on is handed in.
 *
 * Facts that cost a read are functions, so that only those are read on which the decision depends: a claimer over its
 * budget costs one row, and the last resort is not touched while a one-time package can be given. All of it happens in
 * one transaction, so a fact is the same whenever it is asked for.
 */
import { satisfies } from "../../contract/capabilities.ts";
import type { ClaimCriteria } from "../../contract/pool-messages.ts";
import type { LivePackage } from "../tables/packages.ts";
import { capabilitiesOf, type Queue } from "../tables/queues.ts";

export type ClaimFacts = {
  /** The claimer's own client, or one that the claim leaves out. */
  readonly excluded: boolean;
  readonly criteria: ClaimCriteria;
  /** The client's queues, empty ones too. */
  readonly queues: () => readonly Queue[];
  /** Milliseconds until this claimer may claim from the client again; 0 for now. */
  readonly pairWaitMs: () => number;
  /** Milliseconds until the client gives a one-time package again, whoever claims; 0 for now. */
  readonly targetWaitMs: () => number;
  /** The oldest package of a queue that lives as long as the claim asks. */
  readonly oldest: (queue: Queue) => LivePackage | undefined;
};

export type Choice = { readonly queue: Queue; readonly live: LivePackage };

export type Decision =
  | ({ readonly kind: "give" } & Choice)
  | { readonly kind: "excluded" | "exhausted" | "incompatible" }
  | { readonly kind: "pair_limited" | "target_limited"; readonly waitMs: number };

export function decide(facts: ClaimFacts): Decision {
  if (facts.excluded) return { kind: "excluded" };
  const pairWaitMs = facts.pairWaitMs();
  if (pairWaitMs > 0) return { kind: "pair_limited", waitMs: pairWaitMs };

  const queues = facts.queues();
  const fitting = queues.filter((queue) => fits(queue, facts.criteria));
  const oneTime = pick(facts, fitting, false);
  const targetWaitMs = oneTime ? facts.targetWaitMs() : 0;
  if (oneTime && targetWaitMs === 0) return { kind: "give", ...oneTime };

  // The last resort is what a client gives when its one-time packages are used up, or rationed.
  const lastResort = facts.criteria.allowLastResort ? pick(facts, fitting, true) : undefined;
  if (lastResort) return { kind: "give", ...lastResort };
  if (oneTime) return { kind: "target_limited", waitMs: targetWaitMs };
  return { kind: fitting.length === 0 && queues.length > 0 ? "incompatible" : "exhausted" };
}

function fits(queue: Queue, { ciphersuites, requiredCapabilities }: ClaimCriteria): boolean {
  if (!ciphersuites.includes(queue.ciphersuite)) return false;
  const { extensions, proposals, credentials } = requiredCapabilities;
  if (extensions.length + proposals.length + credentials.length === 0) return true;
  return satisfies(capabilitiesOf(queue), requiredCapabilities);
}

/** The oldest package of the most preferred ciphersuite that has one. */
function pick({ criteria, oldest }: ClaimFacts, fitting: readonly Queue[], lastResort: boolean): Choice | undefined {
  for (const ciphersuite of criteria.ciphersuites) {
    let best: Choice | undefined;
    for (const queue of fitting) {
      if (queue.ciphersuite !== ciphersuite || queue.lastResort !== lastResort || queue.live === 0) continue;
      const live = oldest(queue);
      if (live && (!best || live.sequence < best.live.sequence)) best = { queue, live };
    }
    if (best) return best;
  }
  return undefined;
}
