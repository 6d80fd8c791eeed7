/** Of the ciphersuites that a claim takes the preferred one is given, if the client surely had one of its kind. */
import type { Violation } from "../history.ts";
import { fitsGroup, spanOf, surelyLive, type Timeline } from "../timeline.ts";

export function preferredFirst({ stories, claimGroups }: Timeline): Violation[] {
  const stocks = Map.groupBy(stories.values(), (story) => `${story.user}/${story.client}`);
  return claimGroups.flatMap((group) => {
    const claim = spanOf(group);
    return claim.users.flatMap(({ user, clients }) =>
      clients.flatMap(({ client, packages }) =>
        packages.flatMap(({ ref }): Violation[] => {
          const given = stories.get(ref);
          const group = claim.criteria.groups.find((suites) => given && suites.includes(given.package.ciphersuite));
          if (!given || !group) return [];
          const rank = (ciphersuite: number) => group.indexOf(ciphersuite);
          const better = stocks
            .get(`${user}/${client}`)
            ?.find(
              (story) =>
                story.package.lastResort === given.package.lastResort &&
                fitsGroup(story.package, group, claim.criteria) &&
                rank(story.package.ciphersuite) < rank(given.package.ciphersuite) &&
                surelyLive(story, claim.sentMs, claim.endedMs),
            );
          if (!better) return [];
          const what = `${claim.id} got ${ref} while ${better.package.ref} of a preferred suite was live`;
          return [{ rule: "preferred-first", what }];
        }),
      ),
    );
  });
}
