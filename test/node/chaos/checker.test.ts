/** The checker finds each kind of lie, and nothing in a history that is honest however unlucky its callers were. */
import { describe, expect, it } from "vitest";
import { check } from "../../../chaos/checker.ts";
import type { Claim, ClaimedBy, FinalClient, History, Operation, Publish } from "../../../chaos/history.ts";

const END_MS = 100_000;
const FAR_SECONDS = 10_000;
const WHO = { user: "ada", client: "phone" };

let serial = 0;
const span = (sentMs: number, status: number | undefined = 200) => ({
  id: `op${++serial}`,
  sentMs,
  endedMs: sentMs + 10,
  status,
  tries: 1,
});

function published(atMs: number, refs: readonly string[], change: Partial<Publish> = {}): Publish {
  return {
    ...span(atMs),
    ...WHO,
    kind: "publish",
    mode: "add",
    packages: refs.map((ref) => ({ ref, lastResort: ref.startsWith("last"), notAfter: FAR_SECONDS })),
    codes: refs.map(() => "stored"),
    ...change,
  };
}

function claimed(atMs: number, ref: string | undefined, change: Partial<Claim> & { readonly as?: string } = {}): Claim {
  const { as, ...rest } = change;
  const status = as ?? (ref === undefined ? "exhausted" : ref.startsWith("last") ? "last_resort" : "claimed");
  const given: ClaimedBy = { client: WHO.client, status, ...(ref === undefined ? {} : { ref, bytesRef: ref }) };
  return {
    ...span(atMs),
    kind: "claim",
    caller: "bob/laptop",
    idempotencyKey: undefined,
    users: [{ user: WHO.user, status: ref === undefined ? "none" : "ok", clients: [given] }],
    ...rest,
  };
}

function history(operations: Operation[], final: Partial<FinalClient> = {}): History {
  const liveRefs = final.liveRefs ?? [];
  const available = liveRefs.filter((ref) => !ref.startsWith("last")).length;
  const lastResort = liveRefs.length > available;
  const client = { ...WHO, liveRefs, available, lastResort, journal: [], directory: { available, lastResort } };
  return { operations, final: { atMs: END_MS, clients: [{ ...client, ...final }] } };
}

/** The rules that a history breaks, each once. */
const broken = (forged: History): string[] => [...new Set(check(forged).map(({ rule }) => rule))].sort();

describe("an honest history", () => {
  it("has no violation when packages are claimed in order, then the last resort, then nothing", () => {
    const operations = [
      published(0, ["a", "b", "last"]),
      claimed(100, "a"),
      claimed(200, "b"),
      claimed(300, "last"),
      { ...span(400), ...WHO, kind: "remove", refs: "all" } as const,
      claimed(500, undefined),
    ];
    expect(broken(history(operations))).toEqual([]);
  });

  it("has none when a reply was lost and the journal tells who took the package", () => {
    const lost = { ...claimed(200, undefined), users: [], status: undefined };
    const journal = [{ ref: "a", at: 0 }];
    expect(broken(history([published(0, ["a", "b"]), lost], { liveRefs: ["b"], journal }))).toEqual([]);
  });

  it("has none when a claim overlaps what it depends on", () => {
    const slow = { ...published(0, ["a"]), endedMs: 300 };
    expect(broken(history([slow, claimed(200, undefined)], { liveRefs: ["a"] }))).toEqual([]);
  });

  it("has none when what was published without an answer is not there", () => {
    expect(broken(history([published(0, ["a"], { status: undefined, codes: [] })]))).toEqual([]);
  });

  it("has none when an unanswered revocation, a restore epoch or age took packages away", () => {
    const revoked = { ...span(50, undefined), ...WHO, kind: "revoke" } as const;
    expect(broken(history([published(0, ["a"]), revoked]))).toEqual([]);
    const epoch = { ...span(5000), kind: "restore_epoch", epoch: 5 } as const;
    expect(broken(history([published(0, ["a"]), epoch]))).toEqual([]);
    const packages = [{ ref: "a", lastResort: false, notAfter: 60 }];
    expect(broken(history([published(0, ["a"], { packages })]))).toEqual([]);
  });

  it("has none when a package was published while a restore epoch of the next second was under way", () => {
    const epoch = { ...span(4900), endedMs: 5100, kind: "restore_epoch", epoch: 5 } as const;
    expect(broken(history([epoch, published(4950, ["a"]), claimed(5200, undefined)]))).toEqual([]);
  });

  it("has none when a claim is repeated under its key and gets the same", () => {
    const key = { idempotencyKey: "k" };
    expect(
      broken(history([published(0, ["a", "b"]), claimed(100, "a", key), claimed(200, "a", key)], { liveRefs: ["b"] })),
    ).toEqual([]);
  });
});

describe("the checker", () => {
  it("finds an acknowledged package that is gone", () => {
    expect(broken(history([published(0, ["a"])]))).toEqual(["nothing-lost"]);
    expect(broken(history([published(0, ["last"])]))).toEqual(["nothing-lost"]);
  });

  it("finds a package that a restore epoch from before its time took away", () => {
    const epoch = { ...span(500), kind: "restore_epoch", epoch: 5 } as const;
    expect(broken(history([published(6000, ["a"]), { ...epoch, sentMs: 7000, endedMs: 7010 }]))).toEqual([
      "nothing-lost",
    ]);
  });

  it("finds a package that two claims got, under two keys or none", () => {
    const twice = [published(0, ["a"]), claimed(100, "a", { idempotencyKey: "k1" }), claimed(200, "a")];
    expect(broken(history(twice))).toEqual(["claimed-once"]);
  });

  it("finds a repetition with another answer", () => {
    const key = { idempotencyKey: "k" };
    const operations = [published(0, ["a", "b"]), claimed(100, "a", key), claimed(200, "b", key)];
    expect(broken(history(operations))).toContain("replays-identical");
    const emptied = [published(0, ["a"]), claimed(100, "a", key), claimed(200, undefined, key)];
    expect(broken(history(emptied))).toContain("replays-identical");
  });

  it("finds a last resort, and an empty hand, while a one-time package was live", () => {
    const stock = published(0, ["a", "last"]);
    expect(broken(history([stock, claimed(100, "last")], { liveRefs: ["a", "last"] }))).toEqual(["last-resort-last"]);
    expect(broken(history([stock, claimed(100, undefined)], { liveRefs: ["a", "last"] }))).toEqual([
      "last-resort-last",
    ]);
  });

  it("finds an empty hand while the last resort was live", () => {
    expect(broken(history([published(0, ["last"]), claimed(100, undefined)], { liveRefs: ["last"] }))).toEqual([
      "last-resort-last",
    ]);
  });

  it("finds a younger package given before an older one, of two calls or of one", () => {
    const calls = [published(0, ["a"]), published(50, ["b"]), claimed(100, "b")];
    expect(broken(history(calls, { liveRefs: ["a"] }))).toEqual(["oldest-first"]);
    const one = [published(0, ["a", "b"]), claimed(100, "b"), claimed(200, "a")];
    expect(broken(history(one))).toEqual(["oldest-first"]);
  });

  it("finds packages that nobody published, of another client, of other bytes, removed or expired before", () => {
    const rule = "only-what-was-offered";
    expect(broken(history([claimed(100, "x")]))).toEqual([rule]);
    const bytes = {
      user: "ada",
      status: "ok",
      clients: [{ client: "phone", status: "claimed", ref: "a", bytesRef: "b" }],
    };
    expect(broken(history([published(0, ["a"]), claimed(100, "a", { users: [bytes] })]))).toEqual([rule]);
    const other = { ...bytes, clients: [{ client: "tablet", status: "claimed", ref: "a", bytesRef: "a" }] };
    expect(broken(history([published(0, ["a"]), claimed(100, "a", { users: [other] })]))).toEqual([rule]);
    const removal = { ...span(50), ...WHO, kind: "remove", refs: ["a"] } as const;
    expect(broken(history([published(0, ["a"]), removal, claimed(100, "a")]))).toEqual([rule]);
    const packages = [{ ref: "a", lastResort: false, notAfter: 1 }];
    expect(broken(history([published(0, ["a"], { packages }), claimed(1000, "a")]))).toEqual([rule]);
    expect(broken(history([published(0, ["a"]), claimed(100, "a", { as: "last_resort" })]))).toContain(rule);
  });

  it("finds an inventory that miscounts, and one that holds what was claimed", () => {
    const one = [published(0, ["a"])];
    const directory = { available: 2, lastResort: false };
    expect(broken(history(one, { liveRefs: ["a"], available: 2, directory }))).toEqual(["inventory-agrees"]);
    expect(broken(history([...one, claimed(100, "a")], { liveRefs: ["a"] }))).toEqual(["inventory-agrees"]);
    expect(broken(history(one, { liveRefs: ["a", "x"] }))).toEqual(["inventory-agrees"]);
  });

  it("finds a directory that says something else than the pool, or nothing", () => {
    const one = [published(0, ["a"])];
    const directory = { available: 0, lastResort: false };
    expect(broken(history(one, { liveRefs: ["a"], directory }))).toEqual(["directory-agrees"]);
    expect(broken(history(one, { liveRefs: ["a"], directory: undefined }))).toEqual(["directory-agrees"]);
  });

  it("finds an answer that is a fault, and lets 503 pass", () => {
    const read = (status: number) => ({ ...span(0, status), kind: "read", route: "inventory" }) as const;
    expect(broken(history([read(500)]))).toEqual(["no-faults"]);
    expect(broken(history([read(503), read(404)]))).toEqual([]);
  });
});
