/** No one-time package reached two different claims. */
import type { Violation } from "../history.ts";
import type { Timeline } from "../timeline.ts";

export function claimedOnce({ stories }: Timeline): Violation[] {
  return [...stories.values()]
    .filter((story) => !story.package.lastResort && story.claims.length > 1)
    .map((story) => ({
      rule: "claimed-once",
      what: `${story.package.ref} was given to ${story.claims.map(({ id }) => id).join(" and ")}`,
    }));
}
