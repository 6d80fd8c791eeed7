/** In the end the inventory counts what is live of each ciphersuite, and nothing that was claimed is. */
import type { FinalClient, Violation } from "../history.ts";
import type { Story, Timeline } from "../timeline.ts";

export function inventoryAgrees({ history, stories }: Timeline): Violation[] {
  return history.final.clients.flatMap((final): Violation[] => {
    const live = final.liveRefs.map((ref) => stories.get(ref));
    const known = live.filter((story) => story !== undefined);
    const faults = [
      ...(live.includes(undefined) ? ["holds a package that was never published"] : []),
      ...miscounts(final, known),
      ...known
        .filter((story) => !story.package.lastResort && (story.claims.length > 0 || story.journaled))
        .map((story) => `still holds the claimed ${story.package.ref}`),
    ];
    return faults.map((fault) => ({ rule: "inventory-agrees", what: `${final.user}/${final.client} ${fault}` }));
  });
}

function miscounts({ stock }: FinalClient, live: readonly Story[]): string[] {
  const suites = new Set([...stock, ...live.map((story) => story.package)].map(({ ciphersuite }) => ciphersuite));
  return [...suites].flatMap((suite) => {
    const counted = stock.find(({ ciphersuite }) => ciphersuite === suite);
    const packages = live.map((story) => story.package).filter(({ ciphersuite }) => ciphersuite === suite);
    const oneTime = packages.filter(({ lastResort }) => !lastResort).length;
    const available = counted?.available ?? 0;
    return [
      ...(oneTime === available ? [] : [`counts ${available} where ${oneTime} are live of suite ${suite}`]),
      ...(packages.length - oneTime === (counted?.lastResort ? 1 : 0) ? [] : [`miscounts last resorts of ${suite}`]),
    ];
  });
}
