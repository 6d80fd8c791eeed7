/** What a claim gives is what it asked for, and a client is left out if and only if the claim said so. */
import type { Claim, ClaimedBy, Violation } from "../history.ts";
import { fits, type Story, spanOf, type Timeline } from "../timeline.ts";

export function fitsCriteria({ claimGroups, stories }: Timeline): Violation[] {
  return claimGroups.flatMap((group) => {
    const claim = spanOf(group);
    return claim.users.flatMap(({ user, clients }) =>
      clients.flatMap((given): Violation[] => {
        const fault = faultOf(claim, user, given, stories);
        return fault ? [{ rule: "fits-criteria", what: `${claim.id}: ${user}/${given.client} ${fault}` }] : [];
      }),
    );
  });
}

function faultOf(
  { criteria, caller }: Claim,
  user: string,
  { client, status, packages }: ClaimedBy,
  stories: ReadonlyMap<string, Story>,
): string | undefined {
  const isExcluded = criteria.excludeClients.includes(client) || caller === `${user}/${client}`;
  if (isExcluded !== (status === "excluded")) return `is ${status} though ${isExcluded ? "" : "not "}excluded`;
  if (status === "last_resort" && !criteria.allowLastResort) return "gave a last resort, which was not allowed";
  const given = packages.flatMap(({ ref }) => stories.get(ref) ?? []);
  const misfit = given.find((story) => !fits(story.package, criteria));
  return misfit && `gave ${misfit.package.ref}, which does not fit`;
}
