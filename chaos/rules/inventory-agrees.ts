/** In the end the inventory counts what is live, and nothing that was claimed is. */
import type { Violation } from "../history.ts";
import type { Timeline } from "../timeline.ts";

export function inventoryAgrees({ history, stories }: Timeline): Violation[] {
  return history.final.clients.flatMap((final): Violation[] => {
    const name = `${final.user}/${final.client}`;
    const live = final.liveRefs.map((ref) => stories.get(ref));
    const oneTime = live.filter((story) => story && !story.package.lastResort);
    const faults = [
      ...(live.includes(undefined) ? ["holds a package that nobody published"] : []),
      ...(oneTime.length === final.available ? [] : [`counts ${final.available} where ${oneTime.length} are live`]),
      ...(live.length - oneTime.length === (final.lastResort ? 1 : 0) ? [] : ["miscounts its last resort"]),
      ...oneTime.flatMap((story) =>
        story && (story.claims.length > 0 || story.journaled) ? [`still holds the claimed ${story.package.ref}`] : [],
      ),
    ];
    return faults.map((fault) => ({ rule: "inventory-agrees", what: `${name} ${fault}` }));
  });
}
