/** What a history must satisfy. Pure: a history in, its violations out. */
import type { History, Violation } from "./history.ts";
import { bundlesWhole } from "./rules/bundles-whole.ts";
import { capabilitiesKept } from "./rules/capabilities-kept.ts";
import { claimedOnce } from "./rules/claimed-once.ts";
import { codesTrue } from "./rules/codes-true.ts";
import { directoryAgrees } from "./rules/directory-agrees.ts";
import { fitsCriteria } from "./rules/fits-criteria.ts";
import { inventoryAgrees } from "./rules/inventory-agrees.ts";
import { lastResortLast } from "./rules/last-resort-last.ts";
import { noFaults } from "./rules/no-faults.ts";
import { nothingLost } from "./rules/nothing-lost.ts";
import { oldestFirst } from "./rules/oldest-first.ts";
import { onlyWhatWasOffered } from "./rules/only-what-was-offered.ts";
import { preferredFirst } from "./rules/preferred-first.ts";
import { replaysIdentical } from "./rules/replays-identical.ts";
import { routesTrue } from "./rules/routes-true.ts";
import { storedOnce } from "./rules/stored-once.ts";
import { type Timeline, timelineOf } from "./timeline.ts";

const RULES: readonly ((timeline: Timeline) => Violation[])[] = [
  nothingLost,
  storedOnce,
  claimedOnce,
  bundlesWhole,
  capabilitiesKept,
  routesTrue,
  codesTrue,
  replaysIdentical,
  lastResortLast,
  preferredFirst,
  oldestFirst,
  fitsCriteria,
  onlyWhatWasOffered,
  inventoryAgrees,
  directoryAgrees,
  noFaults,
];

export function check(history: History): Violation[] {
  const timeline = timelineOf(history);
  return RULES.flatMap((rule) => rule(timeline));
}
