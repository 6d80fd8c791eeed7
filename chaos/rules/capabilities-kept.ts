/**
 * A claim capability opens as often as it says, until it ends and no longer, and is not lost while it should open. What
 * the journals know of claims without an answer counts too.
 */
import { type Claim, callerOf, type History, type MakeCapability, type Violation } from "../history.ts";
import type { Timeline } from "../timeline.ts";

export function capabilitiesKept({ history, claimGroups }: Timeline): Violation[] {
  const made = history.operations.filter((operation) => operation.kind === "make_capability");
  return made.flatMap((capability) => {
    const caller = callerOf(capability.user, capability.name);
    const groups = claimGroups.filter(([claim]) => claim?.caller === caller);
    return [
      ...usedTooOften(history, capability, caller),
      ...groups.flat().flatMap((claim) => faultOf(history, capability, claim, groups)),
    ].map((what) => ({ rule: "capabilities-kept", what: `${caller} ${what}` }));
  });
}

/** Of each client: a claim has a number of its own in the journal. */
function usedTooOften({ final }: History, { user, maxClaims }: MakeCapability, caller: string): string[] {
  return final.clients
    .filter((client) => client.user === user)
    .flatMap(({ client, journal }) => {
      const claims = new Set(journal.filter((entry) => entry.caller === caller).map(({ sequence }) => sequence)).size;
      return claims > maxClaims ? [`claimed ${claims} times from ${client}, and ${maxClaims} were allowed`] : [];
    });
}

function faultOf(
  history: History,
  capability: MakeCapability,
  claim: Claim,
  groups: readonly (readonly Claim[])[],
): string[] {
  if (claim.status === 200 && hadEnded(history, capability, claim)) return [`opened for ${claim.id} after its end`];
  if (claim.status === 401 && shouldOpen(history, capability, claim, groups)) return [`did not open for ${claim.id}`];
  return [];
}

/** Whether it had surely ended before the claim was sent. */
function hadEnded({ operations }: History, made: MakeCapability, claim: Claim): boolean {
  const ends = operations.filter(
    (operation) =>
      (operation.kind === "end_capability" && operation.user === made.user && operation.name === made.name) ||
      // One that the client made after it was registered again is another.
      (operation.kind === "revoke" &&
        operation.user === made.user &&
        operation.client === made.client &&
        operation.sentMs > made.endedMs),
  );
  return (
    made.expiresAt * 1000 <= claim.sentMs ||
    ends.some(({ status, endedMs }) => status === 200 && endedMs < claim.sentMs)
  );
}

/** Whether it was surely in force during the claim, and surely not used up by others. */
function shouldOpen(
  { operations }: History,
  made: MakeCapability,
  claim: Claim,
  groups: readonly (readonly Claim[])[],
): boolean {
  const isMade = (made.status === 200 || made.status === 201) && made.endedMs < claim.sentMs;
  if (!isMade || made.expiresAt * 1000 <= claim.endedMs) return false;
  const mayHaveEnded = operations.some((operation) => {
    if (operation.sentMs > claim.endedMs) return false;
    // The second alone counts.
    if (operation.kind === "restore_epoch") return operation.endedMs + 1000 > made.sentMs;
    if (operation.kind === "end_capability") return operation.user === made.user && operation.name === made.name;
    return (
      operation.kind === "revoke" &&
      operation.user === made.user &&
      operation.client === made.client &&
      operation.endedMs > made.sentMs
    );
  });
  const mayHaveUsed = groups.filter((group) =>
    group.some(({ sentMs, status }) => sentMs < claim.endedMs && status !== 401),
  ).length;
  return !mayHaveEnded && mayHaveUsed < made.maxClaims;
}
