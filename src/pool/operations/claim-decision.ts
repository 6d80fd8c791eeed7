/** What one client gives to a claim, decided from facts that were read before and nothing else. Pure. */

/** What a claim has found out about one client. `Candidate` is a package that fits and is still in its place. */
export type ClaimFacts<Candidate> = {
  /** The claimer's own client, or one that it does not want. */
  readonly isExcluded: boolean;
  /** Milliseconds until this claimer may take from this client again; 0 for now. */
  readonly pairWaitMs: number;
  /** Milliseconds until the client may give one-time packages again, whoever asks; 0 for now. */
  readonly targetWaitMs: number;
  /** Whether the client ever stocked anything, and whether any of that was of a kind that fits. */
  readonly hasStocked: boolean;
  readonly hasFittingKind: boolean;
  /** The oldest one-time package of the most preferred ciphersuite, and likewise the last resort. */
  readonly oneTime: Candidate | undefined;
  readonly lastResort: Candidate | undefined;
  readonly allowLastResort: boolean;
};

export type ClaimDecision<Candidate> =
  | { readonly kind: "excluded" }
  | { readonly kind: "give"; readonly status: "claimed" | "last_resort"; readonly from: Candidate }
  /** `isMissed`: the owner is told of a package that would have been given but for the client's own budget. */
  | { readonly kind: "rate_limited"; readonly waitMs: number; readonly isMissed: boolean }
  | { readonly kind: "missed"; readonly reason: "exhausted" | "incompatible" };

export function decideClaim<Candidate>(facts: ClaimFacts<Candidate>): ClaimDecision<Candidate> {
  if (facts.isExcluded) return { kind: "excluded" };
  if (facts.pairWaitMs > 0) return { kind: "rate_limited", waitMs: facts.pairWaitMs, isMissed: false };
  const { oneTime, lastResort, targetWaitMs } = facts;
  if (oneTime !== undefined && targetWaitMs === 0) return { kind: "give", status: "claimed", from: oneTime };
  if (lastResort !== undefined && facts.allowLastResort) {
    return { kind: "give", status: "last_resort", from: lastResort };
  }
  if (oneTime !== undefined) return { kind: "rate_limited", waitMs: targetWaitMs, isMissed: true };
  return { kind: "missed", reason: facts.hasStocked && !facts.hasFittingKind ? "incompatible" : "exhausted" };
}
