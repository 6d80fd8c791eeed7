/** No last resort while a one-time package of the client was surely live, and no "exhausted" while anything was. */
import type { Violation } from "../history.ts";
import { spanOf, surelyLive, type Timeline } from "../timeline.ts";

export function lastResortLast({ stories, claimGroups }: Timeline): Violation[] {
  const stocks = Map.groupBy(stories.values(), (story) => `${story.user}/${story.client}`);
  return claimGroups.flatMap((group) => {
    const claim = spanOf(group);
    return claim.users.flatMap(({ user, clients }) =>
      clients
        .filter(({ status }) => status === "last_resort" || status === "exhausted")
        .flatMap(({ client, status }): Violation[] => {
          const better = stocks
            .get(`${user}/${client}`)
            ?.find(
              (story) =>
                (status === "exhausted" || !story.package.lastResort) && surelyLive(story, claim.sentMs, claim.endedMs),
            );
          if (!better) return [];
          const what = `${claim.id} got ${status} of ${user}/${client} while ${better.package.ref} was live`;
          return [{ rule: "last-resort-last", what }];
        }),
    );
  });
}
