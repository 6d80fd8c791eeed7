/**
 * No last resort while one-time packages that fit were surely live, and no empty answer while anything that fits was. Of
 * a bundle there must be one of each group.
 */
import type { Criteria, Violation } from "../history.ts";
import { fitsGroup, type Story, spanOf, surelyLive, type Timeline } from "../timeline.ts";

type Kind = (story: Story) => boolean;

const oneTime: Kind = ({ package: { lastResort } }) => !lastResort;
const lastResort: Kind = (story) => !oneTime(story);

/** For each answer that gives less than the best, of which kinds of packages it would have been better to give. */
const BETTER: Readonly<Record<string, (criteria: Criteria) => readonly Kind[]>> = {
  last_resort: () => [oneTime],
  exhausted: ({ allowLastResort }) => (allowLastResort ? [oneTime, lastResort] : [oneTime]),
  // Says that nothing fits at all: a last resort that fits makes it `exhausted`, even where it is not allowed.
  incompatible: () => [() => true],
};

export function lastResortLast({ stories, claimGroups }: Timeline): Violation[] {
  const stocks = Map.groupBy(stories.values(), (story) => `${story.user}/${story.client}`);
  return claimGroups.flatMap((group) => {
    const claim = spanOf(group);
    return claim.users.flatMap(({ user, clients }) =>
      clients.flatMap(({ client, status }): Violation[] => {
        const live = (stocks.get(`${user}/${client}`) ?? []).filter((story) =>
          surelyLive(story, claim.sentMs, claim.endedMs),
        );
        const better = (BETTER[status]?.(claim.criteria) ?? []).map((kind) =>
          ofEachGroup(live.filter(kind), claim.criteria),
        );
        const first = better.find((bundle) => bundle !== undefined);
        if (!first) return [];
        const refs = first.map(({ package: { ref } }) => ref).join(" and ");
        return [
          { rule: "last-resort-last", what: `${claim.id} got ${status} of ${user}/${client} while ${refs} was live` },
        ];
      }),
    );
  });
}

/** One of each group that is asked for; undefined if any has none. */
function ofEachGroup(live: readonly Story[], criteria: Criteria): readonly Story[] | undefined {
  const found = criteria.groups.flatMap(
    (group) => live.find((story) => fitsGroup(story.package, group, criteria)) ?? [],
  );
  return found.length === criteria.groups.length ? found : undefined;
}
