/** The checker finds each kind of lie, and nothing in a history that is honest however unlucky its callers were. */
import { describe, expect, it } from "vitest";
import { check } from "../../../chaos/checker.ts";
import {
  type Claim,
  type ClaimedBy,
  type Criteria,
  callerOf,
  type FinalClient,
  type FindRoutes,
  type GivenPackage,
  type History,
  type JournaledPackage,
  type MakeCapability,
  type OfferedPackage,
  type Operation,
  type Publish,
  type Resend,
} from "../../../chaos/history.ts";

const END_MS = 100_000;
const FAR_SECONDS = 10_000;
const EXTENSION = 0xf001;
const WHO = { user: "ada", client: "phone" };

let serial = 0;
const span = (sentMs: number, status: number | undefined = 200) => ({
  id: `op${++serial}`,
  sentMs,
  endedMs: sentMs + 10,
  status,
  tries: 1,
});

/**
 * A package by its reference alone: `last…` is a last resort, `…3` is of suite 3 and all others of suite 1, and `ext…`
 * lists the extension that some claims require.
 */
function offered(ref: string): OfferedPackage {
  return {
    ref,
    lastResort: ref.startsWith("last"),
    notAfter: FAR_SECONDS,
    ciphersuite: ref.endsWith("3") ? 3 : 1,
    extensions: ref.startsWith("ext") ? [EXTENSION] : [],
  };
}

const ANYTHING: Criteria = { groups: [[1, 3]], extensions: [], allowLastResort: true, excludeClients: [] };
const wants = (change: Partial<Criteria>) => ({ criteria: { ...ANYTHING, ...change } });

function published(atMs: number, refs: readonly string[], change: Partial<Publish> = {}): Publish {
  return {
    ...span(atMs),
    ...WHO,
    kind: "publish",
    mode: "add",
    packages: refs.map(offered),
    codes: refs.map(() => "stored"),
    ...change,
  };
}

/** The same packages, offered as those of the tablet. */
function resent(atMs: number, refs: readonly string[], code: string, change: Partial<Resend> = {}): Resend {
  const codes = refs.map(() => code);
  return { ...span(atMs), ...WHO, client: "tablet", kind: "resend", packages: refs.map(offered), codes, ...change };
}

/** What the phone gave, as an honest directory would tell it: several packages for a bundle. */
function given(refs: string | readonly string[], change: Partial<GivenPackage> & Partial<ClaimedBy> = {}): ClaimedBy {
  const { client = WHO.client, status: as, packages: _, ...more } = change;
  const all = [refs].flat().map(offered);
  const status = as ?? (all.some(({ lastResort }) => lastResort) ? "last_resort" : "claimed");
  const packages = all.map(({ ref, ciphersuite, notAfter }) => {
    return { ref, bytesRef: ref, ciphersuite, notAfter, receipt: undefined, ...more };
  });
  return { client, status, packages };
}

/** What the owner reads of it; the number is that of the claim. */
function journaled(ref: string, change: Partial<JournaledPackage> = {}): JournaledPackage {
  return { ref, ciphersuite: offered(ref).ciphersuite, at: 0, sequence: ++serial, caller: "bob/laptop", ...change };
}

const answer = (clients: readonly ClaimedBy[]) => ({ user: WHO.user, status: "ok", clients });

function claimed(
  atMs: number,
  ref: string | readonly string[] | undefined,
  change: Partial<Claim> & { readonly as?: string } = {},
): Claim {
  const { as, ...rest } = change;
  const nothing = { client: WHO.client, status: as ?? "exhausted", packages: [] };
  const part = ref === undefined ? nothing : given(ref, as === undefined ? {} : { status: as });
  return {
    ...span(atMs),
    kind: "claim",
    caller: "bob/laptop",
    capability: undefined,
    routed: false,
    idempotencyKey: undefined,
    criteria: ANYTHING,
    asked: [WHO.user],
    users: [{ user: WHO.user, status: ref === undefined ? "none" : "ok", clients: [part] }],
    ...rest,
  };
}

/** A pair of suites from each client. */
const PAIR = wants({ groups: [[1], [3]] });

/** Claims by the capability that `capability` makes. */
const DOOR = { capability: "door", caller: callerOf(WHO.user, "door") };

function capability(atMs: number, change: Partial<MakeCapability> = {}): MakeCapability {
  const bounds = { maxClaims: 10, expiresAt: FAR_SECONDS };
  return { ...span(atMs, 201), ...WHO, kind: "make_capability", name: "door", ...bounds, ...change };
}

function history(operations: Operation[], final: Partial<FinalClient> = {}): History {
  const live = (final.liveRefs ?? []).map(offered);
  const stock = [1, 3].map((suite) => {
    const packages = live.filter(({ ciphersuite }) => ciphersuite === suite);
    const available = packages.filter(({ lastResort }) => !lastResort).length;
    return { ciphersuite: suite, available, lastResort: packages.length > available };
  });
  const client = { ...WHO, liveRefs: [], stock, journal: [], directory: final.stock ?? stock };
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
      claimed(350, "last"),
      { ...span(400), ...WHO, kind: "remove", refs: "all" } as const,
      claimed(500, undefined),
    ];
    expect(broken(history(operations))).toEqual([]);
  });

  it("has none when a reply was lost and the journal tells who took the package", () => {
    const lost = { ...claimed(200, undefined), users: [], status: undefined };
    const journal = [journaled("a")];
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
    const packages = [{ ...offered("a"), notAfter: 60 }];
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

  it("has none when a bulk claim got its second part only when it was repeated", () => {
    const eve = { user: "eve", status: "failed", clients: [] };
    const key = { idempotencyKey: "k", asked: ["eve", "ada"] };
    const failed = { ...eve, user: "ada" };
    const evesPart = { ...answer([given("e")]), user: "eve" };
    const operations = [
      published(0, ["e"], { user: "eve" }),
      published(0, ["a", "b"]),
      claimed(100, undefined, { ...key, users: [evesPart, failed] }),
      claimed(150, "a"),
      claimed(200, undefined, { ...key, users: [evesPart, answer([given("b")])] }),
    ];
    expect(broken(history(operations))).toEqual([]);
  });

  it("has none when a claim passes over what does not fit", () => {
    const operations = [
      published(0, ["a", "ext-b", "c3", "last"]),
      claimed(50, "ext-b", wants({ groups: [[3, 1]], extensions: [EXTENSION] })),
      claimed(100, "c3", wants({ groups: [[3, 1]] })),
      claimed(200, undefined, { as: "exhausted", ...wants({ groups: [[3]] }) }),
      claimed(400, undefined, { as: "incompatible", ...wants({ extensions: [EXTENSION, 9] }) }),
      claimed(500, undefined, { as: "excluded", ...wants({ excludeClients: [WHO.client] }) }),
      claimed(600, "a", wants({ groups: [[3, 1]] })),
      claimed(700, undefined, wants({ allowLastResort: false })),
      claimed(800, undefined, { as: "excluded", caller: `${WHO.user}/${WHO.client}` }),
    ];
    expect(broken(history(operations, { liveRefs: ["last"] }))).toEqual([]);
  });

  it("has none when the last resort of a preferred suite goes after a one-time package of another", () => {
    const prefers3 = wants({ groups: [[3, 1]] });
    const operations = [published(0, ["a", "last3"]), claimed(100, "a", prefers3), claimed(200, "last3", prefers3)];
    expect(broken(history(operations, { liveRefs: ["last3"] }))).toEqual([]);
  });

  it("has none when a last resort took the place of the one of its own suite, and of no other", () => {
    const operations = [published(0, ["last1"]), published(50, ["last3"]), published(100, ["last2"])];
    expect(broken(history(operations, { liveRefs: ["last3", "last2"] }))).toEqual([]);
    expect(broken(history(operations, { liveRefs: ["last2"] }))).toEqual(["nothing-lost"]);
  });

  it("has none when somebody else's packages were removed, or none, or before the package was there", () => {
    const removal = { ...span(50), ...WHO, kind: "remove", refs: "all" } as const;
    const one = published(0, ["a"]);
    expect(broken(history([one, { ...removal, user: "eve" }, claimed(100, "a")]))).toEqual([]);
    expect(broken(history([one, { ...removal, client: "tablet" }, claimed(100, "a")]))).toEqual([]);
    expect(broken(history([one, { ...removal, status: 404 }, claimed(100, "a")]))).toEqual([]);
    expect(broken(history([{ ...one, endedMs: 300 }, removal, claimed(400, "a")]))).toEqual([]);
  });

  it("has none when a replacement took away what it does not name", () => {
    const replacement = published(50, ["b", "last2"], { mode: "replace" });
    expect(broken(history([published(0, ["a", "last1"]), replacement], { liveRefs: ["b", "last2"] }))).toEqual([]);
  });

  it("has none when one part of a repeated claim failed", () => {
    const key = { idempotencyKey: "k" };
    const failed = claimed(200, undefined, { ...key, users: [{ user: "ada", status: "failed", clients: [] }] });
    expect(broken(history([published(0, ["a"]), claimed(100, "a", key), failed]))).toEqual([]);
  });

  it("has none when a package that was known already is offered again, or its whole batch was refused", () => {
    const again = published(200, ["a"], { codes: ["already_claimed"] });
    expect(broken(history([published(0, ["a"]), claimed(100, "a"), again]))).toEqual([]);
    const refused = published(0, ["a"], { ...span(0, 422), mode: "replace" });
    expect(broken(history([refused, published(100, ["a"])], { liveRefs: ["a"] }))).toEqual([]);
    expect(broken(history([refused]))).toEqual([]);
  });

  it("has none when a sibling that offers a package once more hears what became of it", () => {
    const removal = { ...span(50), ...WHO, kind: "remove", refs: ["b"] } as const;
    const operations = [
      published(0, ["a", "b", "c", "last"]),
      removal,
      claimed(100, "a"),
      resent(200, ["a"], "already_claimed"),
      resent(200, ["b"], "already_removed"),
      resent(200, ["c", "last"], "init_key_reused"),
      resent(200, ["a", "b", "c", "last"], "signature_key_mismatch"),
      resent(200, ["a", "b", "c"], "none", { status: 404, codes: [] }),
    ];
    expect(broken(history(operations, { liveRefs: ["c", "last"] }))).toEqual([]);
    const again = published(400, ["last"], { codes: ["duplicate"] });
    expect(broken(history([published(0, ["last"]), claimed(100, "last"), again], { liveRefs: ["last"] }))).toEqual([]);
    const packages = [{ ...offered("a"), notAfter: 1 }];
    const late = resent(1000, ["a"], "already_removed", { packages });
    expect(broken(history([published(0, ["a"], { packages }), late]))).toEqual([]);
    expect(broken(history([published(0, ["a"], { packages }), { ...late, codes: ["lifetime_expired"] }]))).toEqual([]);
    const racing = [published(0, ["a"]), claimed(100, "a"), resent(105, ["a"], "init_key_reused")];
    expect(broken(history(racing))).toEqual([]);
    const lost = { ...claimed(100, undefined), users: [], status: undefined };
    const journal = [journaled("a")];
    expect(broken(history([published(0, ["a"]), lost, resent(200, ["a"], "already_claimed")], { journal }))).toEqual(
      [],
    );
  });

  it("has none when a package was stored once more after its time, when its tombstone is gone", () => {
    const packages = [{ ...offered("a"), notAfter: 1 }];
    expect(broken(history([published(0, ["a"], { packages }), published(1000, ["a"], { packages })]))).toEqual([]);
  });

  it("has none when a client that has nothing is in the directory with no suite", () => {
    expect(broken(history([], { directory: [] }))).toEqual([]);
  });
});

describe("the checker", () => {
  it("finds an acknowledged package that is gone", () => {
    expect(broken(history([published(0, ["a"])]))).toEqual(["nothing-lost"]);
    expect(broken(history([published(0, ["last"])]))).toEqual(["nothing-lost"]);
    const removal = { ...span(50), ...WHO, kind: "remove", refs: ["a"] } as const;
    expect(broken(history([published(0, ["a", "b"]), removal]))).toEqual(["nothing-lost"]);
    const epoch = { ...span(5000), kind: "restore_epoch", epoch: 5 } as const;
    expect(broken(history([published(0, ["last"]), epoch]))).toEqual([]);
    const replacement = published(50, ["a"], { mode: "replace", codes: ["duplicate"] });
    expect(broken(history([published(0, ["a"]), replacement]))).toEqual(["nothing-lost"]);
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
    const differs = (change: Parameters<typeof given>[1]) => [
      published(0, ["a"]),
      claimed(100, "a", key),
      claimed(200, "a", { ...key, users: [answer([given("a", change)])] }),
    ];
    expect(broken(history(differs({})))).toEqual([]);
    expect(broken(history(differs({ ciphersuite: 3 })))).toEqual(["replays-identical"]);
    expect(broken(history(differs({ notAfter: FAR_SECONDS + 1 })))).toEqual(["replays-identical"]);
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

  it("finds a last resort, and an answer that nothing fits, while a package that fits was live", () => {
    const stock = published(0, ["a3", "last"]);
    const live = { liveRefs: ["a3", "last"] };
    expect(broken(history([stock, claimed(100, "last")], live))).toEqual(["last-resort-last"]);
    const fits = claimed(100, undefined, { as: "incompatible", ...wants({ groups: [[3]] }) });
    expect(broken(history([stock, fits], live))).toEqual(["last-resort-last"]);
    const notAllowed = { as: "incompatible", ...wants({ groups: [[1]], allowLastResort: false }) };
    expect(broken(history([stock, claimed(100, undefined, notAllowed)], live))).toEqual(["last-resort-last"]);
  });

  it("finds a package of a suite that the claim prefers less, of the last resorts too", () => {
    const prefers3 = wants({ groups: [[3, 1]] });
    const packages = [published(0, ["a", "b3"]), claimed(100, "a", prefers3)];
    expect(broken(history(packages, { liveRefs: ["b3"] }))).toEqual(["preferred-first"]);
    const lastResorts = [published(0, ["last", "last3"]), claimed(100, "last", prefers3)];
    expect(broken(history(lastResorts, { liveRefs: ["last", "last3"] }))).toEqual(["preferred-first"]);
  });

  it("finds a package of a suite or without an extension that was asked for", () => {
    const one = published(0, ["a"]);
    expect(broken(history([one, claimed(100, "a", wants({ groups: [[3]] }))]))).toEqual(["fits-criteria"]);
    expect(broken(history([one, claimed(100, "a", wants({ extensions: [EXTENSION] }))]))).toEqual(["fits-criteria"]);
  });

  it("finds a last resort that was not allowed, and what is not left out as the claim said", () => {
    const last = published(0, ["last"]);
    const live = { liveRefs: ["last"] };
    const notAllowed = wants({ allowLastResort: false });
    expect(broken(history([last, claimed(100, "last", notAllowed)], live))).toEqual(["fits-criteria"]);
    const without = wants({ excludeClients: [WHO.client] });
    expect(broken(history([published(0, ["a"]), claimed(100, "a", without)]))).toEqual(["fits-criteria"]);
    expect(broken(history([claimed(100, undefined, { as: "excluded" })]))).toEqual(["fits-criteria"]);
    const himself = claimed(100, "a", { caller: `${WHO.user}/${WHO.client}` });
    expect(broken(history([published(0, ["a"]), himself]))).toEqual(["fits-criteria"]);
  });

  it("finds a reference that was stored twice, however it had ended", () => {
    const twice = [published(0, ["a"]), claimed(100, "a"), published(200, ["a"])];
    expect(broken(history(twice))).toEqual(["stored-once"]);
    const removal = { ...span(50), ...WHO, kind: "remove", refs: ["a"] } as const;
    expect(broken(history([published(0, ["a"]), removal, published(200, ["a"])], { liveRefs: ["a"] }))).toEqual([
      "stored-once",
    ]);
  });

  it("finds a package of a sibling that was taken in, or is not said to be the sibling's", () => {
    const one = published(0, ["a", "last"]);
    for (const code of ["stored", "duplicate", "stock_full"]) {
      for (const ref of ["a", "last"]) {
        expect(broken(history([one, resent(50, [ref], code)], { liveRefs: ["a", "last"] }))).toEqual(["codes-true"]);
      }
    }
  });

  it("finds codes that say of a package what is not true, to its owner or its sibling", () => {
    const rule = "codes-true";
    const one = published(0, ["a"]);
    const again = (code: string) => published(200, ["a"], { codes: [code] });
    const live = { liveRefs: ["a"] };
    expect(broken(history([one, again("duplicate")], live))).toEqual([]);
    expect(broken(history([one, again("already_claimed")], live))).toEqual([rule]);
    expect(broken(history([one, resent(200, ["a"], "already_claimed")], live))).toEqual([rule]);
    for (const code of ["duplicate", "already_removed"]) {
      expect(broken(history([one, claimed(100, "a"), again(code)]))).toEqual([rule]);
    }
    for (const code of ["init_key_reused", "already_removed"]) {
      expect(broken(history([one, claimed(100, "a"), resent(200, ["a"], code)]))).toEqual([rule]);
    }
    const journal = [journaled("a")];
    expect(broken(history([one, again("already_removed")], { journal }))).toEqual([rule]);
  });

  it("finds packages that nobody published, of another client, user or bytes, or not as they were published", () => {
    const rule = "only-what-was-offered";
    const one = published(0, ["a"]);
    const gets = (change: Parameters<typeof given>[1]) =>
      history([one, claimed(100, "a", { users: [answer([given("a", change)])] })]);
    expect(broken(history([claimed(100, "x")]))).toEqual([rule]);
    expect(broken(gets({}))).toEqual([]);
    expect(broken(gets({ bytesRef: "b" }))).toEqual([rule]);
    expect(broken(gets({ client: "tablet" }))).toEqual([rule]);
    expect(broken(gets({ ciphersuite: 3 }))).toEqual([rule]);
    expect(broken(gets({ notAfter: FAR_SECONDS + 1 }))).toEqual([rule]);
    expect(broken(gets({ status: "last_resort" }))).toEqual([rule]);
    const forEve = claimed(100, "a", { asked: ["eve"], users: [{ ...answer([given("a")]), user: "eve" }] });
    expect(broken(history([one, forEve]))).toEqual([rule]);
  });

  it("finds packages that were given before they were published, or after they had been removed or had expired", () => {
    const rule = "only-what-was-offered";
    const late = published(200, ["a"], { codes: ["already_claimed"] });
    expect(broken(history([claimed(100, "a"), late]))).toEqual([rule]);
    for (const refs of [["b"], "all"] as const) {
      const removal = { ...span(50), ...WHO, kind: "remove", refs } as const;
      expect(broken(history([published(0, ["b"]), removal, claimed(100, "b")]))).toEqual([rule]);
    }
    const packages = [{ ...offered("a"), notAfter: 1 }];
    const expired = claimed(1000, "a", { users: [answer([given("a", { notAfter: 1 })])] });
    expect(broken(history([published(0, ["a"], { packages }), expired]))).toEqual([rule]);
  });

  it("finds a receipt that names another package, and one that is another in a repeated answer", () => {
    const one = published(0, ["a"]);
    const key = { idempotencyKey: "k" };
    const gets = (text: string, ref = "a") => [answer([given("a", { receipt: { text, ref } })])];
    const twice = (second: string) => [
      one,
      claimed(100, "a", { ...key, users: gets("x") }),
      claimed(200, "a", { ...key, users: gets(second) }),
    ];
    expect(broken(history(twice("x")))).toEqual([]);
    expect(broken(history(twice("y")))).toEqual(["replays-identical"]);
    expect(broken(history([one, claimed(100, "a", { users: gets("x", "b") })]))).toEqual(["only-what-was-offered"]);
  });

  it("finds a bundle of which a part is missing, in the wrong place, given twice, or of two kinds", () => {
    const stock = published(0, ["a", "b3", "last", "last3"]);
    const claim = (refs: readonly string[], change: Parameters<typeof given>[1] = {}) =>
      claimed(100, "a", { ...PAIR, users: [answer([given(refs, change)])] });
    const left = { liveRefs: ["last", "last3"] };
    expect(broken(history([stock, claim(["a", "b3"])], left))).toEqual([]);
    expect(broken(history([stock, claim(["a"])], { liveRefs: ["b3", ...left.liveRefs] }))).toEqual(["bundles-whole"]);
    expect(broken(history([stock, claim(["b3", "a"])], left))).toEqual(["bundles-whole"]);
    expect(broken(history([stock, claim(["a", "b3"], { status: "exhausted" })], left))).toContain("bundles-whole");
    expect(broken(history([stock, claim(["a", "last3"])], { liveRefs: ["b3", ...left.liveRefs] }))).toContain(
      "only-what-was-offered",
    );
    const ordinary = (refs: readonly string[]) =>
      claimed(100, "a", { users: [answer([given(refs, { status: "claimed" })])] });
    expect(broken(history([stock, ordinary(["a", "b3"])], left))).toEqual(["bundles-whole"]);
    expect(broken(history([stock, ordinary([])], { liveRefs: ["a", "b3", ...left.liveRefs] }))).toEqual([
      "bundles-whole",
    ]);
    const both = [stock, claim(["a", "b3"]), claimed(200, "a")];
    expect(broken(history(both, left))).toContain("claimed-once");
  });

  it("finds a bundle of which the journal has a part alone, also where no answer came", () => {
    const stock = published(0, ["a", "b3"]);
    const lost = claimed(100, undefined, { ...PAIR, users: [], status: undefined });
    const whole = [journaled("a", { sequence: 1 }), journaled("b3", { sequence: 1 })];
    expect(broken(history([stock, lost], { journal: whole }))).toEqual([]);
    expect(broken(history([stock, lost], { liveRefs: ["b3"], journal: whole.slice(0, 1) }))).toEqual(["bundles-whole"]);
    const apart = [journaled("a", { sequence: 1 }), journaled("b3", { sequence: 2 })];
    expect(broken(history([stock, lost], { journal: apart }))).toEqual(["bundles-whole"]);
    const ordinary = claimed(50, undefined, { users: [], status: undefined });
    const part = { liveRefs: ["b3"], journal: whole.slice(0, 1) };
    expect(broken(history([stock, ordinary, lost], part))).toEqual([]);
    expect(broken(history([stock, lost, ordinary], part))).toEqual([]);
  });

  it("finds an empty hand, or last resorts, while one package of each group was live, and nothing if one is missing", () => {
    const stock = published(0, ["a", "b3", "last", "last3"]);
    const nothing = (as: string) => claimed(100, undefined, { ...PAIR, as });
    const all = { liveRefs: ["a", "b3", "last", "last3"] };
    expect(broken(history([stock, nothing("exhausted")], all))).toEqual(["last-resort-last"]);
    expect(broken(history([stock, nothing("incompatible")], all))).toEqual(["last-resort-last"]);
    expect(broken(history([stock, claimed(100, ["last", "last3"], PAIR)], all))).toEqual(["last-resort-last"]);
    const one = published(0, ["a", "last3"]);
    const left = { liveRefs: ["a", "last3"] };
    expect(broken(history([one, nothing("exhausted")], left))).toEqual([]);
    expect(broken(history([one, nothing("incompatible")], left))).toEqual(["last-resort-last"]);
  });

  it("finds a claim capability that claimed too often, by its answers or the journal", () => {
    const made = capability(50, { maxClaims: 1 });
    const stock = published(0, ["a", "b", "last"]);
    const by = (atMs: number, ref: string) => claimed(atMs, ref, DOOR);
    const entry = (ref: string, sequence: number) => journaled(ref, { sequence, caller: DOOR.caller });
    const once = { liveRefs: ["b", "last"], journal: [entry("a", 1)] };
    expect(broken(history([stock, made, by(100, "a")], once))).toEqual([]);
    const pair = claimed(100, ["a", "c3"], { ...DOOR, ...PAIR });
    const pairs = { liveRefs: [], journal: [entry("a", 1), entry("c3", 1)] };
    expect(broken(history([published(0, ["a", "c3"]), made, pair], pairs))).toEqual([]);
    const twice = { liveRefs: ["last"], journal: [entry("a", 1), entry("b", 2)] };
    expect(broken(history([stock, made, by(100, "a"), by(200, "b")], twice))).toEqual(["capabilities-kept"]);
    const lost = claimed(200, undefined, { ...DOOR, users: [], status: undefined });
    expect(broken(history([stock, made, by(100, "a"), lost], twice))).toEqual(["capabilities-kept"]);
  });

  it("finds a claim capability that opened after its end, whichever end", () => {
    const stock = published(0, ["a", "last"]);
    const claim = claimed(1500, "a", DOOR);
    const left = { liveRefs: ["last"] };
    const ends = (...operations: Operation[]) => broken(history([stock, ...operations, claim], left));
    const ended = { ...span(1400), ...WHO, kind: "end_capability", name: "door" } as const;
    expect(ends(capability(50))).toEqual([]);
    expect(ends(capability(50, { expiresAt: 1 }))).toEqual(["capabilities-kept"]);
    expect(ends(capability(50, { expiresAt: 2 }))).toEqual([]);
    expect(ends(capability(50), ended)).toEqual(["capabilities-kept"]);
    expect(ends(capability(50), { ...ended, name: "window" })).toEqual([]);
    expect(ends(capability(50), { ...ended, status: undefined })).toEqual([]);
    const revoked = { ...span(1400), ...WHO, client: "tablet", kind: "revoke" } as const;
    expect(ends(capability(50, { client: "tablet" }), revoked)).toEqual(["capabilities-kept"]);
    expect(ends(capability(50), revoked)).toEqual([]);
    const before = { ...revoked, client: WHO.client, sentMs: 10, endedMs: 20 };
    const opened = claimed(1500, "a", DOOR);
    const stocked = published(60, ["a", "last"]);
    expect(broken(history([before, capability(50), stocked, opened], left))).toEqual([]);
  });

  it("finds a claim capability that was lost: it did not open while it should have", () => {
    const refused = claimed(200, undefined, { ...DOOR, users: [], status: 401 });
    const lost = (...operations: Operation[]) => broken(history([...operations, refused], { liveRefs: [] }));
    expect(lost(capability(50))).toEqual(["capabilities-kept"]);
    expect(lost(capability(50, { status: undefined }))).toEqual([]);
    expect(lost({ ...capability(50), endedMs: 205 })).toEqual([]);
    expect(lost(capability(50, { expiresAt: 0 }))).toEqual([]);
    expect(lost(capability(50, { maxClaims: 1 }), claimed(100, undefined, DOOR))).toEqual([]);
    expect(lost(capability(50), { ...span(150, undefined), ...WHO, kind: "end_capability", name: "door" })).toEqual([]);
    expect(lost(capability(50), { ...span(150, undefined), ...WHO, kind: "revoke" })).toEqual([]);
    expect(lost(capability(50), { ...span(150), kind: "restore_epoch", epoch: 1 })).toEqual([]);
    expect(lost({ ...span(10), ...WHO, kind: "revoke" }, capability(50))).toEqual(["capabilities-kept"]);
  });

  it("finds a route to somebody else, after the package's end, or missing where a claim asked for it", () => {
    const stock = published(0, ["a"]);
    const routed = claimed(100, "a", { routed: true });
    const route = { ...WHO, ref: "a", notAfter: FAR_SECONDS };
    const finds = (found: FindRoutes["found"], claim = routed, more: Operation[] = [stock]) =>
      broken(history([...more, claim, { ...span(2000), kind: "find_routes", refs: ["a"], found }]));
    expect(finds([route])).toEqual([]);
    expect(finds([])).toEqual(["routes-true"]);
    expect(finds([], { ...routed, routed: false })).toEqual([]);
    expect(finds([], { ...routed, endedMs: 3000 })).toEqual([]);
    expect(finds([{ ...route, user: "eve" }])).toEqual(["routes-true"]);
    expect(finds([{ ...route, client: "tablet" }])).toEqual(["routes-true"]);
    expect(finds([{ ...route, notAfter: 5 }])).toEqual(["routes-true"]);
    expect(finds([route, { ...route, ref: "x" }])).toEqual(["routes-true"]);
    const packages = [{ ...offered("a"), notAfter: 1 }];
    const ends = { ...routed, users: [answer([given("a", { notAfter: 1 })])] };
    const short = [published(0, ["a"], { packages })];
    expect(finds([], ends, short)).toEqual([]);
    expect(finds([{ ...route, notAfter: 1 }], ends, short)).toEqual(["routes-true"]);
  });

  it("finds an inventory that miscounts a suite or its last resort, and one that holds what was claimed", () => {
    const rule = "inventory-agrees";
    const one = [published(0, ["a"])];
    const counts = (available: number, lastResort = false, ciphersuite = 1) => ({
      liveRefs: ["a"],
      stock: [{ ciphersuite, available, lastResort }],
    });
    expect(broken(history(one, counts(1)))).toEqual([]);
    expect(broken(history(one, counts(2)))).toEqual([rule]);
    expect(broken(history(one, counts(1, true)))).toEqual([rule]);
    expect(broken(history(one, counts(1, false, 3)))).toEqual([rule]);
    expect(broken(history([...one, claimed(100, "a")], { liveRefs: ["a"] }))).toEqual([rule]);
    expect(broken(history(one, { liveRefs: ["a"], journal: [journaled("a", { at: 1 })] }))).toEqual([rule]);
    expect(broken(history(one, { ...counts(1), liveRefs: ["a", "x"] }))).toEqual([rule]);
    const lastResorts = [published(0, ["last1"]), published(50, ["last2"])];
    expect(broken(history(lastResorts, { liveRefs: ["last1", "last2"] }))).toEqual([rule]);
  });

  it("finds a directory that says something else of a suite than the pool, or nothing", () => {
    const rule = "directory-agrees";
    const one = [published(0, ["a"])];
    const says = (directory: FinalClient["directory"]) => broken(history(one, { liveRefs: ["a"], directory }));
    expect(says([{ ciphersuite: 1, available: 1, lastResort: false }])).toEqual([]);
    expect(says([{ ciphersuite: 1, available: 0, lastResort: false }])).toEqual([rule]);
    expect(says([{ ciphersuite: 1, available: 1, lastResort: true }])).toEqual([rule]);
    expect(says([{ ciphersuite: 3, available: 1, lastResort: false }])).toEqual([rule]);
    expect(says([])).toEqual([rule]);
    expect(says(undefined)).toEqual([rule]);
    expect(broken(history([], { directory: undefined }))).toEqual([rule]);
  });

  it("finds an answer that is a fault, and lets 503 pass", () => {
    const read = (status: number) => ({ ...span(0, status), kind: "read", route: "inventory" }) as const;
    expect(broken(history([read(500)]))).toEqual(["no-faults"]);
    expect(broken(history([read(503), read(404)]))).toEqual([]);
  });
});
