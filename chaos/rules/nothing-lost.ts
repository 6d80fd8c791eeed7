/** Every acknowledged package is live, claimed, or ended by its owner, a restore epoch or its age: never just gone. */
import type { Violation } from "../history.ts";
import type { Story, Timeline } from "../timeline.ts";

/** Packages that only a claim may have ended: the only ones of which the rule can say anything. */
export function judged({ history, stories }: Timeline): Story[] {
  return [...stories.values()].filter(
    (story) => story.acknowledged !== undefined && story.mayEndFromMs > history.final.atMs,
  );
}

export function nothingLost(timeline: Timeline): Violation[] {
  return judged(timeline)
    .filter((story) => !story.liveAtEnd && story.claims.length === 0 && !story.journaled)
    .map((story) => ({
      rule: "nothing-lost",
      what: `${story.package.ref} of ${story.user}/${story.client}, acknowledged by ${story.acknowledged?.id}, is gone`,
    }));
}
