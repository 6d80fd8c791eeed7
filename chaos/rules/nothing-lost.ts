/** Every acknowledged package is live, claimed, or ended by its owner, a restore epoch or its age: never just gone. */
import type { Violation } from "../history.ts";
import type { Timeline } from "../timeline.ts";

export function nothingLost({ history, stories }: Timeline): Violation[] {
  return [...stories.values()]
    .filter(
      (story) =>
        story.acknowledged !== undefined &&
        !story.liveAtEnd &&
        story.claims.length === 0 &&
        !story.journaled &&
        story.mayEndFromMs > history.final.atMs,
    )
    .map((story) => ({
      rule: "nothing-lost",
      what: `${story.package.ref} of ${story.user}/${story.client}, acknowledged by ${story.acknowledged?.id}, is gone`,
    }));
}
