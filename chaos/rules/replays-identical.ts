/** Under one key a caller hears one answer: once a user's part has given something it never changes. */
import type { UserAnswer, Violation } from "../history.ts";
import type { Timeline } from "../timeline.ts";

const gives = (answer: UserAnswer): boolean => answer.status === "ok" || answer.status === "partial";

export function replaysIdentical({ claimGroups }: Timeline): Violation[] {
  const violations: Violation[] = [];
  for (const group of claimGroups) {
    const kept = new Map<string, { readonly text: string; readonly id: string }>();
    for (const claim of group) {
      for (const answer of claim.users) {
        const text = JSON.stringify(answer);
        const first = kept.get(answer.user);
        if (first && first.text !== text && answer.status !== "failed") {
          violations.push({
            rule: "replays-identical",
            what: `${claim.id} repeats ${first.id} for ${answer.user} with another answer`,
          });
        }
        if (!first && gives(answer)) kept.set(answer.user, { text, id: claim.id });
      }
    }
  }
  return violations;
}
