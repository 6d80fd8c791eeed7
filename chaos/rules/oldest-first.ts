/** Of a client's one-time packages the oldest goes first: none is given while an older one is surely live. */
import type { Violation } from "../history.ts";
import { type Story, surelyLive, type Timeline } from "../timeline.ts";

/** Whether `a` was surely put into the queue before `b`. */
function isOlder(a: Story, b: Story): boolean {
  if (a.offered === b.offered) return a.acknowledged === a.offered && b.acknowledged === b.offered && a.index < b.index;
  return a.acknowledged !== undefined && a.acknowledged.endedMs < b.offered.sentMs;
}

export function oldestFirst({ stories }: Timeline): Violation[] {
  const clients = Map.groupBy(
    [...stories.values()].filter((story) => !story.package.lastResort),
    (story) => `${story.user}/${story.client}`,
  );
  return [...clients.values()].flatMap((queue) =>
    queue.flatMap((given) =>
      given.claims.flatMap((claim): Violation[] => {
        const older = queue.find(
          (story) => story !== given && isOlder(story, given) && surelyLive(story, claim.sentMs, claim.endedMs),
        );
        if (!older) return [];
        const what = `${claim.id} got ${given.package.ref} while the older ${older.package.ref} was live`;
        return [{ rule: "oldest-first", what }];
      }),
    ),
  );
}
