/** Whose a package is that came with a route can be found out until the package ends, and not after that. */
import type { FindRoutes, Violation } from "../history.ts";
import { refsOf, type Timeline } from "../timeline.ts";

export function routesTrue({ history, stories }: Timeline): Violation[] {
  const routed = new Map<string, number>();
  for (const claim of history.operations) {
    if (claim.kind !== "claim" || !claim.routed || claim.status !== 200) continue;
    for (const ref of refsOf(claim)) routed.set(ref, Math.min(claim.endedMs, routed.get(ref) ?? claim.endedMs));
  }
  const faultsOf = ({ refs, found, sentMs, endedMs }: FindRoutes): string[] => [
    ...found.flatMap(({ ref, user, client, notAfter }) => {
      const story = stories.get(ref);
      if (!story) return [`found ${ref}, which was never published`];
      if (story.user !== user || story.client !== client) return [`found ${ref} at ${user}/${client}`];
      if (notAfter !== story.package.notAfter) return [`found ${ref} until ${notAfter}`];
      return notAfter * 1000 <= sentMs ? [`found ${ref}, which had expired`] : [];
    }),
    ...refs
      .filter((ref) => !found.some((route) => route.ref === ref))
      .filter((ref) => {
        const lives = (stories.get(ref)?.package.notAfter ?? 0) * 1000 > endedMs;
        return lives && (routed.get(ref) ?? Number.POSITIVE_INFINITY) < sentMs;
      })
      .map((ref) => `did not find ${ref}`),
  ];
  return history.operations.flatMap((operation): Violation[] =>
    operation.kind === "find_routes" && operation.status === 200
      ? faultsOf(operation).map((fault) => ({ rule: "routes-true", what: `${operation.id} ${fault}` }))
      : [],
  );
}
