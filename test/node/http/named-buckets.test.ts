import { describe, expect, it } from "vitest";
import { withinWindow } from "../../../src/shared/leaky-bucket.ts";
import { NamedBuckets } from "../../../src/shared/named-buckets.ts";

/** One event at once, and the next after an hour. */
const HOURLY = withinWindow(1, 3_600_000);
const isFull = (buckets: NamedBuckets, name: string, nowMs: number) => buckets.waitMs(HOURLY, name, nowMs) > 0;

describe("buckets by name", () => {
  it("are each full by themselves, and have room again for what is given back", () => {
    const buckets = new NamedBuckets(10);
    buckets.spend(HOURLY, "alice", 0);
    expect([isFull(buckets, "alice", 0), isFull(buckets, "bob", 0)]).toEqual([true, false]);
    buckets.giveBack(HOURLY, "alice");
    expect(isFull(buckets, "alice", 0)).toBe(false);
  });

  it("are no more than there is room for: the one goes that is next to run empty, and before it all that are", () => {
    const buckets = new NamedBuckets(2);
    buckets.spend(HOURLY, "first", 1_000);
    buckets.spend(HOURLY, "second", 2_000);
    buckets.spend(HOURLY, "third", 3_000);
    expect(["first", "second", "third"].map((name) => isFull(buckets, name, 3_000))).toEqual([false, true, true]);
    const later = 3_000 + 2 * 3_600_000;
    buckets.spend(HOURLY, "fourth", later);
    buckets.spend(HOURLY, "fifth", later);
    expect(["fourth", "fifth"].map((name) => isFull(buckets, name, later))).toEqual([true, true]);
    // What is forgotten is not given back.
    buckets.giveBack(HOURLY, "first");
    expect(isFull(buckets, "first", later)).toBe(false);
  });
});
