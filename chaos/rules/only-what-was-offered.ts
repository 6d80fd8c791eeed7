/** What a claim gives was published for that very client, is the bytes of its reference, and had not ended before. */
import type { Claim, ClaimedBy, GivenPackage, Violation } from "../history.ts";
import { spanOf, type Timeline } from "../timeline.ts";

export function onlyWhatWasOffered(timeline: Timeline): Violation[] {
  return timeline.claimGroups.flatMap((group) => {
    const claim = spanOf(group);
    return claim.users.flatMap(({ user, clients }) =>
      clients.flatMap((client) =>
        client.packages.flatMap((given): Violation[] => {
          const fault = faultOf(timeline, claim, { user, client }, given);
          return fault ? [{ rule: "only-what-was-offered", what: `${claim.id}: ${given.ref} ${fault}` }] : [];
        }),
      ),
    );
  });
}

function faultOf(
  { history, stories }: Timeline,
  claim: Claim,
  { user, client }: { readonly user: string; readonly client: ClaimedBy },
  given: GivenPackage,
): string | undefined {
  const story = stories.get(given.ref);
  if (!story) return "was never published";
  if (story.user !== user || story.client !== client.client) return `belongs to ${story.user}/${story.client}`;
  if (given.bytesRef !== given.ref) return `came with the bytes of ${given.bytesRef}`;
  if (given.ciphersuite !== story.package.ciphersuite) return `was given as one of suite ${given.ciphersuite}`;
  if (given.notAfter !== story.package.notAfter) return `was said to live until ${given.notAfter}`;
  if (given.receipt && given.receipt.ref !== given.ref) return `came with the receipt of ${given.receipt.ref}`;
  if (story.package.lastResort !== (client.status === "last_resort")) return `was given as ${client.status}`;
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
