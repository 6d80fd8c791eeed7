/** What a claim gives was published for that very client, is the bytes of its reference, and had not ended before. */
import type { Claim, ClaimedBy, Violation } from "../history.ts";
import { type Story, spanOf, type Timeline } from "../timeline.ts";

export function onlyWhatWasOffered(timeline: Timeline): Violation[] {
  return timeline.claimGroups.flatMap((group) => {
    const claim = spanOf(group);
    return claim.users.flatMap(({ user, clients }) =>
      clients.flatMap((given): Violation[] => {
        if (given.ref === undefined) return [];
        const fault = faultOf(timeline, claim, user, given, timeline.stories.get(given.ref));
        return fault ? [{ rule: "only-what-was-offered", what: `${claim.id}: ${given.ref} ${fault}` }] : [];
      }),
    );
  });
}

function faultOf(
  { history }: Timeline,
  claim: Claim,
  user: string,
  given: ClaimedBy,
  story: Story | undefined,
): string | undefined {
  if (!story) return "was never published";
  if (story.user !== user || story.client !== given.client) return `belongs to ${story.user}/${story.client}`;
  if (given.bytesRef !== given.ref) return `came with the bytes of ${given.bytesRef}`;
  if (given.ciphersuite !== story.package.ciphersuite) return `was given as one of suite ${given.ciphersuite}`;
  if (given.notAfter !== story.package.notAfter) return `was said to live until ${given.notAfter}`;
  if (story.package.lastResort !== (given.status === "last_resort")) return `was given as ${given.status}`;
  if (story.offered.sentMs > claim.endedMs) return "was given before it was published";
  if (story.package.notAfter * 1000 <= claim.sentMs) return "had expired";
  const removed = history.operations.find(
    (operation) =>
      operation.kind === "remove" &&
      operation.status === 200 &&
      operation.user === story.user &&
      operation.client === story.client &&
      operation.endedMs < claim.sentMs &&
      operation.sentMs > (story.acknowledged?.endedMs ?? Number.POSITIVE_INFINITY) &&
      (operation.refs === "all" || operation.refs.includes(story.package.ref)),
  );
  return removed && `had been removed by ${removed.id}`;
}
