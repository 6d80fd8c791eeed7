import { expect, it } from "vitest";
import type { ClaimCriteria } from "../../../src/contract/claim-messages.ts";
import { type ClaimFacts, type Decision, decide } from "../../../src/pool/operations/claim/claim-decision.ts";
import { ChunkEntries } from "../../../src/pool/tables/chunk-entries.ts";
import type { Found } from "../../../src/pool/tables/chunks-table.ts";
import type { Queue } from "../../../src/pool/tables/clients-table.ts";

const PAIR_WAIT_MS = 5_000;
const MISS_WAIT_MS = 6_000;
const TARGET_WAIT_MS = 7_000;

/** A queue of one kind, with the sequence number of its oldest package; none of them fits without one. */
type StockedQueue = { readonly queue: Queue; readonly oldest: number | undefined };

const STOCK = { live: 3, nextExpiry: undefined, use: undefined };

let queueId = 0;

function stocked(oldest: number | undefined, change: Partial<Queue> & { readonly extensions?: number[] } = {}) {
  const { extensions = [], ...queue } = change;
  queueId += 1;
  const capabilities = { extensions, proposals: [], credentials: [1] };
  return { queue: { queueId, ciphersuite: 1, lastResort: false, capabilities, ...STOCK, ...queue }, oldest };
}

const oneTime = (oldest: number, change = {}) => stocked(oldest, change);
const lastResort = (oldest: number, change = {}) => stocked(oldest, { lastResort: true, live: 1, ...change });

type Situation = {
  readonly excluded?: boolean;
  readonly pairLimited?: boolean;
  readonly missLimited?: boolean;
  readonly targetLimited?: boolean;
  readonly criteria?: Partial<ClaimCriteria>;
  readonly stock?: readonly StockedQueue[];
};

function factsOf({ excluded, pairLimited, missLimited, targetLimited, criteria, stock = [] }: Situation): ClaimFacts {
  return {
    excluded: excluded ?? false,
    criteria: {
      ciphersuites: [1],
      requiredCapabilities: { extensions: [], proposals: [], credentials: [] },
      excludeClients: [],
      minRemainingLifetimeSeconds: 3600,
      allowLastResort: true,
      ...criteria,
    },
    queues: stock.map(({ queue }) => queue),
    pairWaitMs: pairLimited ? PAIR_WAIT_MS : 0,
    missWaitMs: missLimited ? MISS_WAIT_MS : 0,
    targetWaitMs: targetLimited ? TARGET_WAIT_MS : 0,
    oldest: (queue) => {
      const sequence = stock.find((one) => one.queue === queue)?.oldest;
      return sequence === undefined ? undefined : packageOf(queue, sequence);
    },
  };
}

const packageOf = ({ queueId }: Queue, sequence: number): Found => ({
  chunk: { id: queueId, storedAt: 0, entries: new ChunkEntries(1, new Uint8Array()), packages: new Uint8Array() },
  position: 0,
  start: 0,
  entry: { sequence, hasLeft: false, ref: new Uint8Array(), notBefore: 0, notAfter: 0, length: 0 },
});

/** A decision in short: the sequence number of the package that is given, of several in a list, or why none is. */
function inShort(decision: Decision) {
  if (decision.kind !== "give") return decision;
  const sequences = decision.choices.map(({ found }) => found.entry.sequence);
  return sequences.length === 1 ? sequences[0] : sequences;
}

const PAIR = { criteria: { ciphersuites: [], bundle: [[1], [0xf042, 0x50]] } };
const pq = (change = {}) => ({ ciphersuite: 0xf042, ...change });

const needs = (extensions: number[]) => ({ requiredCapabilities: { extensions, proposals: [], credentials: [] } });

const TARGET_LIMITED: Decision = { kind: "target_limited", waitMs: TARGET_WAIT_MS };

const CASES: readonly (readonly [string, Situation, number | readonly number[] | Decision])[] = [
  ["gives a one-time package and keeps the last resort", { stock: [lastResort(1), oneTime(2)] }, 2],
  ["gives the last resort when no one-time package is left", { stock: [lastResort(1), oneTime(2, { live: 0 })] }, 1],
  [
    "gives the last resort when no one-time package lives long enough",
    { stock: [stocked(undefined), lastResort(4)] },
    4,
  ],
  [
    "is exhausted with only a last resort that the claim does not take",
    { stock: [lastResort(1)], criteria: { allowLastResort: false } },
    { kind: "exhausted" },
  ],
  [
    "gives a one-time package to a claim that takes no last resort",
    { stock: [oneTime(2), lastResort(1)], criteria: { allowLastResort: false } },
    2,
  ],
  ["gives a bundle one of each group", { stock: [oneTime(3, pq()), oneTime(2), oneTime(9)], ...PAIR }, [2, 3]],
  [
    "gives a bundle the preferred suite of a group that has one",
    { stock: [oneTime(2), oneTime(3, pq({ ciphersuite: 0x50 })), oneTime(4, pq({ live: 0 }))], ...PAIR },
    [2, 3],
  ],
  [
    "gives a bundle nothing if a group has nothing",
    { stock: [oneTime(2), oneTime(3, pq({ live: 0 }))], ...PAIR },
    { kind: "exhausted" },
  ],
  [
    "gives a bundle of last resorts if a group has no one-time package",
    { stock: [oneTime(2), lastResort(5), oneTime(3, pq({ live: 0 })), lastResort(6, pq())], ...PAIR },
    [5, 6],
  ],
  [
    "does not spend a one-time package beside a last resort",
    { stock: [oneTime(2), lastResort(6, pq())], ...PAIR },
    { kind: "exhausted" },
  ],
  [
    "gives no bundle of last resorts that the claim does not take",
    {
      stock: [lastResort(5), lastResort(6, pq())],
      criteria: { ...PAIR.criteria, allowLastResort: false },
    },
    { kind: "exhausted" },
  ],
  [
    "is incompatible with a bundle of which a group has no queue",
    { stock: [oneTime(2)], ...PAIR },
    { kind: "incompatible" },
  ],
  [
    "is limited for a bundle as for one",
    { targetLimited: true, stock: [oneTime(2), oneTime(3, pq())], ...PAIR },
    TARGET_LIMITED,
  ],
  ["is exhausted before the first upload", {}, { kind: "exhausted" }],
  ["is exhausted with queues that fit and are empty", { stock: [oneTime(1, { live: 0 })] }, { kind: "exhausted" }],
  ["is exhausted when nothing lives long enough", { stock: [stocked(undefined)] }, { kind: "exhausted" }],

  ["is incompatible with other ciphersuites", { stock: [oneTime(1, { ciphersuite: 2 })] }, { kind: "incompatible" }],
  [
    "is incompatible without a required extension",
    { stock: [oneTime(1), lastResort(2)], criteria: needs([0xf00d]) },
    { kind: "incompatible" },
  ],
  [
    "is incompatible although the queues that do not fit are empty",
    { stock: [oneTime(1, { live: 0 })], criteria: needs([0xf00d]) },
    { kind: "incompatible" },
  ],
  [
    "passes over an older package without a required extension",
    { stock: [oneTime(1), oneTime(9, { extensions: [0xf00d] })], criteria: needs([0xf00d]) },
    9,
  ],
  ["needs no extension that every client supports", { stock: [oneTime(3)], criteria: needs([1]) }, 3],

  [
    "prefers the first ciphersuite over an older package of the second",
    { stock: [oneTime(1, { ciphersuite: 2 }), oneTime(8, { ciphersuite: 3 })], criteria: { ciphersuites: [3, 2] } },
    8,
  ],
  [
    "takes the second ciphersuite when the first has no package",
    {
      stock: [oneTime(1, { ciphersuite: 2 }), stocked(undefined, { ciphersuite: 3 })],
      criteria: { ciphersuites: [3, 2] },
    },
    1,
  ],
  [
    "prefers a one-time package of any ciphersuite over a last resort of the first",
    { stock: [lastResort(1, { ciphersuite: 3 }), oneTime(8, { ciphersuite: 2 })], criteria: { ciphersuites: [3, 2] } },
    8,
  ],
  [
    "gives the last resort of the first ciphersuite",
    {
      stock: [lastResort(1, { ciphersuite: 2 }), lastResort(8, { ciphersuite: 3 })],
      criteria: { ciphersuites: [3, 2] },
    },
    8,
  ],
  [
    "gives the oldest package of several queues",
    { stock: [oneTime(6), oneTime(4, { extensions: [9] }), oneTime(5)] },
    4,
  ],

  [
    "tells one who has asked in vain too often when to ask again",
    { missLimited: true, stock: [oneTime(1, { ciphersuite: 2 })] },
    { kind: "pair_limited", waitMs: MISS_WAIT_MS },
  ],
  [
    "gives to one who has asked in vain too often when there is something",
    { missLimited: true, stock: [oneTime(5)] },
    5,
  ],

  ["leaves out an excluded client", { excluded: true, stock: [oneTime(1)] }, { kind: "excluded" }],
  [
    "leaves out an excluded client without a look at budgets",
    { excluded: true, pairLimited: true },
    { kind: "excluded" },
  ],
  [
    "refuses a claimer over its budget, and gives no last resort either",
    { pairLimited: true, targetLimited: true, stock: [oneTime(1), lastResort(2)] },
    { kind: "pair_limited", waitMs: PAIR_WAIT_MS },
  ],
  [
    "refuses a claimer over its budget whatever is in stock",
    { pairLimited: true },
    { kind: "pair_limited", waitMs: PAIR_WAIT_MS },
  ],
  ["gives the last resort of a client over its budget", { targetLimited: true, stock: [oneTime(1), lastResort(2)] }, 2],
  [
    "refuses for a client over its budget without a last resort",
    { targetLimited: true, stock: [oneTime(1)] },
    TARGET_LIMITED,
  ],
  [
    "refuses for a client over its budget whose last resort the claim does not take",
    { targetLimited: true, stock: [oneTime(1), lastResort(2)], criteria: { allowLastResort: false } },
    TARGET_LIMITED,
  ],
  [
    "refuses for a client over its budget whose last resort does not fit",
    { targetLimited: true, stock: [oneTime(1, { extensions: [9] }), lastResort(2)], criteria: needs([9]) },
    TARGET_LIMITED,
  ],
  [
    "is exhausted, not limited, for a client over its budget with nothing",
    { targetLimited: true },
    { kind: "exhausted" },
  ],
  [
    "is incompatible, not limited, for a client over its budget with nothing that fits",
    { targetLimited: true, stock: [oneTime(1, { ciphersuite: 2 })] },
    { kind: "incompatible" },
  ],
];

it.each(CASES)("%s", (_, situation, expected) => {
  expect(inShort(decide(factsOf(situation)))).toEqual(expected);
});

/** The sequence numbers of the packages that a decision looked at. */
function lookedAt(situation: Situation): number[] {
  const seen: number[] = [];
  const facts = factsOf(situation);
  decide({
    ...facts,
    oldest: (queue) => {
      const found = facts.oldest(queue);
      seen.push(found?.entry.sequence ?? -1);
      return found;
    },
  });
  return seen;
}

it.each([
  ["no package of an excluded client", { excluded: true, stock: [oneTime(1)] }, []],
  ["no package for a claimer over its budget", { pairLimited: true, stock: [oneTime(1)] }, []],
  ["no last resort beside a one-time package", { stock: [oneTime(1), lastResort(2)] }, [1]],
  ["no package of an empty queue", { stock: [oneTime(1, { live: 0 })] }, []],
  [
    "no package of a ciphersuite after the first that has one",
    { stock: [oneTime(1), oneTime(2, { ciphersuite: 2 })], criteria: { ciphersuites: [2, 1] } },
    [2],
  ],
] as const)("looks at %s", (_, situation, expected) => {
  expect(lookedAt(situation)).toEqual(expected);
});
