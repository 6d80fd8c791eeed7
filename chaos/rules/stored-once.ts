/**
 * A reference is stored once: what was claimed or removed leaves a tombstone, and a pool that lost it would take the
 * package in again. A call that was repeated after a lost reply tells its last answer only, so it cannot say so twice either.
 */
import type { Violation } from "../history.ts";
import type { Timeline } from "../timeline.ts";

export function storedOnce({ history }: Timeline): Violation[] {
  const stored = new Map<string, string>();
  return history.operations.flatMap((operation): Violation[] => {
    if (operation.kind !== "publish" || operation.status !== 200) return [];
    return operation.packages.flatMap(({ ref, notAfter }, index): Violation[] => {
      if (operation.codes[index] !== "stored") return [];
      const earlier = stored.get(ref);
      stored.set(ref, earlier ?? operation.id);
      // Tombstones go with their packages' time. Admission looks at it before the pool does, so that one which ends in
      // between may be taken in once more; no claim is ever given it.
      if (earlier === undefined || notAfter * 1000 <= operation.endedMs) return [];
      return [{ rule: "stored-once", what: `${operation.id} stored ${ref}, which ${earlier} had stored` }];
    });
  });
}
