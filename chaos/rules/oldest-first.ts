/** Of a client's packages that fit the oldest of a ciphersuite goes first: none while an older one is surely live. */
import type { Violation } from "../history.ts";
import { fits, type Story, surelyLive, type Timeline } from "../timeline.ts";

/** Whether `a` was surely put into the queue before `b`. */
function isOlder(a: Story, b: Story): boolean {
  if (a.offered === b.offered) return a.acknowledged === a.offered && b.acknowledged === b.offered && a.index < b.index;
  return a.acknowledged !== undefined && a.acknowledged.endedMs < b.offered.sentMs;
}

export function oldestFirst({ stories }: Timeline): Violation[] {
  const queues = Map.groupBy(
    [...stories.values()].filter((story) => !story.package.lastResort),
    (story) => `${story.user}/${story.client} ${story.package.ciphersuite}`,
  );
  return [...queues.values()].flatMap((queue) =>
    queue.flatMap((given) =>
      given.claims.flatMap((claim): Violation[] => {
        const older = queue.find(
          (story) =>
            isOlder(story, given) &&
            fits(story.package, claim.criteria) &&
            surelyLive(story, claim.sentMs, claim.endedMs),
        );
        if (!older) return [];
        const what = `${claim.id} got ${given.package.ref} while the older ${older.package.ref} was live`;
        return [{ rule: "oldest-first", what }];
      }),
    ),
  );
}
