/**
 * What is certain about each package of a history. A caller that waits knows only a span of time in which its call
 * took effect, so every statement here is of the form "surely live during this span": doubt never makes a violation.
 */
import type { Claim, Criteria, FinalClient, History, OfferedPackage, Publish } from "./history.ts";

/** Codes that say: this package is or was in the stock when the call had ended. */
const KNOWN_STORED: ReadonlySet<string> = new Set(["stored", "duplicate", "already_claimed"]);

export type Story = {
  readonly package: OfferedPackage;
  readonly user: string;
  readonly client: string;
  /** The first call that offered it, and its place in that call. */
  readonly offered: Publish;
  readonly index: number;
  /** The first call whose answer says that it was stored. */
  readonly acknowledged: Publish | undefined;
  /** From then on its owner, a restore epoch or its age may have ended it; infinite for never. */
  readonly mayEndFromMs: number;
  /** Claims whose answers hold it, repetitions under one key counted once: the one that was sent first. */
  readonly claims: readonly Claim[];
  /** Milliseconds before which its claim surely did not happen, from answers and the journal; infinite if unclaimed. */
  readonly claimedFromMs: number;
  readonly journaled: boolean;
  readonly liveAtEnd: boolean;
};

export type Timeline = {
  readonly history: History;
  readonly stories: ReadonlyMap<string, Story>;
  /**
   * Claims by caller and key, first sent first: repetitions count as one. A claim for several
   * users is one for each of them, because each pool answers for itself and one may have failed at first.
   */
  readonly claimGroups: readonly (readonly Claim[])[];
};

export function timelineOf(history: History): Timeline {
  const claimGroups = groupClaims(history);
  const claimsOf = new Map<string, Claim[]>();
  for (const group of claimGroups) {
    const first = spanOf(group);
    const refs = new Set(group.flatMap((claim) => refsOf(claim)));
    for (const ref of refs) claimsOf.set(ref, [...(claimsOf.get(ref) ?? []), first]);
  }
  const finals = new Map(history.final.clients.map((client) => [`${client.user}/${client.client}`, client]));
  const stories = new Map<string, Story>();
  for (const [name, publishes] of publishesByClient(history)) {
    const ends = endings(history, name);
    for (const story of storiesOf(publishes, ends, claimsOf, finals.get(name))) stories.set(story.package.ref, story);
  }
  return { history, stories, claimGroups };
}

/** Whether the package could be had at every moment of the span, by a claim that asks for no more than some life. */
export function surelyLive(story: Story, fromMs: number, toMs: number): boolean {
  return (
    story.acknowledged !== undefined &&
    story.acknowledged.endedMs < fromMs &&
    story.mayEndFromMs > toMs &&
    story.claimedFromMs > toMs
  );
}

/** Whether a claim with these criteria may be given this package, leaving aside whether it is a last resort. */
export function fits(offered: OfferedPackage, criteria: Criteria): boolean {
  return criteria.groups.some((group) => fitsGroup(offered, group, criteria));
}

/** The same for one of the groups that it asks for. */
export function fitsGroup(
  { ciphersuite, extensions }: OfferedPackage,
  group: readonly number[],
  criteria: Criteria,
): boolean {
  return group.includes(ciphersuite) && criteria.extensions.every((type) => extensions.includes(type));
}

/** Refs of every package that an answer holds. */
export function refsOf(claim: Claim): string[] {
  return claim.users.flatMap((user) => user.clients.flatMap(({ packages }) => packages.map(({ ref }) => ref)));
}

/**
 * One claim for a group of repetitions: it took effect between the first try and the first answer that gave
 * something, because an answer that gave nothing is not kept.
 */
export function spanOf(group: readonly Claim[]): Claim {
  const [first] = group;
  if (!first) throw new Error("a group of claims has at least one");
  const giving = group.find((claim) => refsOf(claim).length > 0) ?? group.find((claim) => claim.status !== undefined);
  return giving ? { ...giving, sentMs: first.sentMs } : first;
}

function groupClaims(history: History): (readonly Claim[])[] {
  const groups = new Map<string, Claim[]>();
  for (const operation of history.operations) {
    if (operation.kind !== "claim") continue;
    const { caller, idempotencyKey, id, users } = operation;
    for (const user of new Set([...operation.asked, ...users.map((answer) => answer.user)])) {
      const name = `${idempotencyKey ? `${caller} ${idempotencyKey}` : `only ${id}`} ${user}`;
      const part = { ...operation, users: users.filter((answer) => answer.user === user) };
      groups.set(name, [...(groups.get(name) ?? []), part]);
    }
  }
  return [...groups.values()].map((group) => group.sort((a, b) => a.sentMs - b.sentMs));
}

function publishesByClient(history: History): Map<string, Publish[]> {
  const byClient = new Map<string, Publish[]>();
  for (const operation of history.operations) {
    if (operation.kind !== "publish") continue;
    const name = `${operation.user}/${operation.client}`;
    byClient.set(name, [...(byClient.get(name) ?? []), operation]);
  }
  for (const publishes of byClient.values()) publishes.sort((a, b) => a.sentMs - b.sentMs);
  return byClient;
}

/** A package that was made before a restore epoch is void too: it was made this long before it was sent, at most. */
const MADE_BEFORE_SENT_MS = 1_000;

/** When something may have ended a package of this client from outside: each with a test of which ones. */
type Ending = { readonly fromMs: number; readonly ends: (story: Pick<Story, "package" | "offered">) => boolean };

function endings(history: History, name: string): Ending[] {
  return history.operations.flatMap((operation): Ending[] => {
    if (operation.kind === "restore_epoch") {
      // Not known without an answer: it may be any second until the call was given up. The second alone counts: what
      // was published while the call was under way is void as well.
      const epoch = operation.epoch ?? Math.ceil(operation.endedMs / 1000);
      return [
        {
          fromMs: operation.sentMs,
          ends: ({ offered }) => Math.floor((offered.sentMs - MADE_BEFORE_SENT_MS) / 1000) < epoch,
        },
      ];
    }
    if (!("user" in operation) || `${operation.user}/${operation.client}` !== name) return [];
    // A client has no say in what is its sibling's, and a capability none in what there is to claim.
    if (operation.kind !== "publish" && operation.kind !== "remove" && operation.kind !== "revoke") return [];
    const { sentMs: fromMs } = operation;
    // What a package's own call does to it shows in its code.
    const later = (which: Ending["ends"]): Ending[] => [
      { fromMs, ends: (story) => fromMs > story.offered.sentMs && which(story) },
    ];
    if (operation.kind === "revoke") return later(() => true);
    if (operation.kind === "remove") {
      const refs = operation.refs === "all" ? undefined : new Set(operation.refs);
      return later((story) => refs?.has(story.package.ref) ?? true);
    }
    if (operation.mode === "replace") {
      const kept = new Set(operation.packages.map(({ ref }) => ref));
      return later((story) => !kept.has(story.package.ref) || story.package.lastResort);
    }
    const replaced = new Set(
      operation.packages.filter(({ lastResort }) => lastResort).map(({ ciphersuite }) => ciphersuite),
    );
    return replaced.size === 0
      ? []
      : later(({ package: { lastResort, ciphersuite } }) => lastResort && replaced.has(ciphersuite));
  });
}

function storiesOf(
  publishes: readonly Publish[],
  ends: readonly Ending[],
  claimsOf: ReadonlyMap<string, readonly Claim[]>,
  final: FinalClient | undefined,
): Story[] {
  const live = new Set(final?.liveRefs);
  const journal = new Map(final?.journal.map(({ ref, at }) => [ref, at * 1000]));
  const stories = new Map<string, Story>();
  for (const publish of publishes) {
    for (const [index, offered] of publish.packages.entries()) {
      const earlier = stories.get(offered.ref);
      const stored = KNOWN_STORED.has(publish.codes[index] ?? "") && publish.status === 200;
      if (earlier) {
        if (stored && !earlier.acknowledged) stories.set(offered.ref, { ...earlier, acknowledged: publish });
        continue;
      }
      const claims = claimsOf.get(offered.ref) ?? [];
      const ending = { package: offered, offered: publish };
      const endMs = ends.filter(({ ends: hits }) => hits(ending)).map(({ fromMs }) => fromMs);
      const journaledAt = offered.lastResort ? undefined : journal.get(offered.ref);
      stories.set(offered.ref, {
        ...ending,
        user: publish.user,
        client: publish.client,
        index,
        acknowledged: stored ? publish : undefined,
        mayEndFromMs: Math.min(offered.notAfter * 1000 - 1000, ...endMs),
        claims,
        claimedFromMs: offered.lastResort
          ? Number.POSITIVE_INFINITY
          : Math.min(...claims.map(({ sentMs }) => sentMs), journaledAt ?? Number.POSITIVE_INFINITY),
        journaled: journaledAt !== undefined,
        liveAtEnd: live.has(offered.ref),
      });
    }
  }
  return [...stories.values()];
}
