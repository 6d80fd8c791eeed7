/** What a history must satisfy. Pure: a history in, its violations out. */
import type { History, Violation } from "./history.ts";
import { claimedOnce } from "./rules/claimed-once.ts";
import { directoryAgrees } from "./rules/directory-agrees.ts";
import { inventoryAgrees } from "./rules/inventory-agrees.ts";
import { lastResortLast } from "./rules/last-resort-last.ts";
import { noFaults } from "./rules/no-faults.ts";
import { nothingLost } from "./rules/nothing-lost.ts";
import { oldestFirst } from "./rules/oldest-first.ts";
import { onlyWhatWasOffered } from "./rules/only-what-was-offered.ts";
import { replaysIdentical } from "./rules/replays-identical.ts";
import { type Timeline, timelineOf } from "./timeline.ts";

const RULES: readonly ((timeline: Timeline) => Violation[])[] = [
  nothingLost,
  claimedOnce,
  replaysIdentical,
  lastResortLast,
  oldestFirst,
  onlyWhatWasOffered,
  inventoryAgrees,
  directoryAgrees,
  noFaults,
];

export function check(history: History): Violation[] {
  const timeline = timelineOf(history);
  return RULES.flatMap((rule) => rule(timeline));
}
