/** No last resort while a one-time package that fits was surely live, and no empty answer while anything that fits was. */
import type { Criteria, Violation } from "../history.ts";
import { fits, type Story, spanOf, surelyLive, type Timeline } from "../timeline.ts";

/** For each answer that gives less than the best, which packages of the client would have been better. */
const BETTER: Readonly<Record<string, (story: Story, criteria: Criteria) => boolean>> = {
  last_resort: ({ package: { lastResort } }) => !lastResort,
  exhausted: ({ package: { lastResort } }, { allowLastResort }) => !lastResort || allowLastResort,
  // Says that nothing fits at all: a last resort that fits makes it `exhausted`, even where it is not allowed.
  incompatible: () => true,
};

export function lastResortLast({ stories, claimGroups }: Timeline): Violation[] {
  const stocks = Map.groupBy(stories.values(), (story) => `${story.user}/${story.client}`);
  return claimGroups.flatMap((group) => {
    const claim = spanOf(group);
    return claim.users.flatMap(({ user, clients }) =>
      clients.flatMap(({ client, status }): Violation[] => {
        const isBetter = BETTER[status];
        const better = stocks
          .get(`${user}/${client}`)
          ?.find(
            (story) =>
              isBetter?.(story, claim.criteria) &&
              fits(story.package, claim.criteria) &&
              surelyLive(story, claim.sentMs, claim.endedMs),
          );
        if (!better) return [];
        const what = `${claim.id} got ${status} of ${user}/${client} while ${better.package.ref} was live`;
        return [{ rule: "last-resort-last", what }];
      }),
    );
  });
}
