/**
 * A bundle is all or nothing: one package of each group in the order of the groups. Also where the answer was lost,
 * as the journals show: a claim that was cut in half by a kill would have an entry too few.
 */
import type { Claim, ClaimedBy, Criteria, JournaledPackage, Violation } from "../history.ts";
import type { Timeline } from "../timeline.ts";

export function bundlesWhole({ history }: Timeline): Violation[] {
  const claims = history.operations.filter((operation) => operation.kind === "claim");
  const answered = claims.flatMap((claim) =>
    claim.users.flatMap(({ user, clients }) =>
      clients
        .filter((client) => !isWhole(client, claim.criteria))
        .map(({ client, packages }) => `${claim.id} got ${packages.length} packages of ${user}/${client}`),
    ),
  );
  const bundles = groupsOfCallers(claims);
  const written = history.final.clients.flatMap(({ user, client, journal }) =>
    halves(journal, bundles).map((what) => `of ${user}/${client} ${what}`),
  );
  return [...answered, ...written].map((what) => ({ rule: "bundles-whole", what }));
}

function isWhole({ status, packages }: ClaimedBy, { groups }: Criteria): boolean {
  if (status !== "claimed" && status !== "last_resort") return packages.length === 0;
  if (packages.length !== groups.length) return false;
  // Of an ordinary claim fits-criteria says whether it is of the right suite.
  return groups.length === 1 || groups.every((group, index) => group.includes(packages[index]?.ciphersuite ?? 0));
}

/** A journal does not say what a claim asked for: what callers always ask for who ask for bundles of the same groups only. */
function groupsOfCallers(claims: readonly Claim[]): ReadonlyMap<string, Criteria["groups"]> {
  const textOf = ({ criteria: { groups } }: Claim) => groups.map(String).toSorted().join("+");
  const callers = Map.groupBy(claims, ({ caller }) => caller);
  return new Map(
    [...callers].flatMap(([caller, all]): [string, Criteria["groups"]][] => {
      const groups = new Set(all.map(textOf)).size === 1 ? (all[0]?.criteria.groups ?? []) : [];
      return groups.length > 1 ? [[caller, groups]] : [];
    }),
  );
}

function halves(journal: readonly JournaledPackage[], bundles: ReadonlyMap<string, Criteria["groups"]>): string[] {
  const claims = Map.groupBy(journal, ({ caller, sequence }) => `${caller} ${sequence}`);
  return [...claims.values()].flatMap((entries) => {
    const groups = bundles.get(entries[0]?.caller ?? "") ?? [];
    const isWritten = (group: readonly number[]) =>
      entries.filter(({ ciphersuite }) => group.includes(ciphersuite)).length === 1;
    if (groups.every(isWritten)) return [];
    return [`${entries.map(({ ref }) => ref).join(" and ")} alone is of a bundle of ${entries[0]?.caller}`];
  });
}
