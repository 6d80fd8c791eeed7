/** What an operator sees of how a user was claimed from lately: from the newest records of claims, which are bounded. */
import { MAX_JOURNAL_SCAN_ROWS, TOP_CLAIMERS } from "../../../config/limits.ts";
import type { JournalEntry } from "../../../contract/journal-messages.ts";
import type { Activity, ClaimerCount, ClientActivity, MissedCount } from "../../../contract/operator-messages.ts";
import { readRecentClaims } from "../../tables/claims-table.ts";

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 24 * HOUR_SECONDS;

export type PoolActivity = {
  readonly ofUser: Activity;
  readonly ofClient: (client: string) => ClientActivity;
};

/** Of the journal, which begins at `oldestAt`; times are unix seconds. */
export function activity(
  sql: SqlStorage,
  { now, oldestAt }: { readonly now: number; readonly oldestAt: number },
): PoolActivity {
  const { entries, since } = readRecentClaims(sql, { limit: MAX_JOURNAL_SCAN_ROWS, oldestAt });
  const byClient = Map.groupBy(entries, ({ client }) => client);
  return {
    ofUser: {
      since: since ?? oldestAt,
      claimersOfHour: topClaimers(entries.filter(({ at }) => at > now - HOUR_SECONDS)),
      claimersOfDay: topClaimers(entries.filter(({ at }) => at > now - DAY_SECONDS)),
    },
    ofClient: (client) => clientActivity(byClient.get(client) ?? []),
  };
}

/** Entries are the newest first. */
function clientActivity(entries: readonly JournalEntry[]): ClientActivity {
  const given = entries.find(({ reason }) => reason === undefined);
  const missed = new Map<MissedCount["reason"], MissedCount>();
  for (const { reason, at } of entries) {
    if (reason === undefined) continue;
    const known = missed.get(reason) ?? { reason, count: 0, lastAt: at };
    missed.set(reason, { ...known, count: known.count + 1 });
  }
  return { lastClaimedAt: given?.at, missed: [...missed.values()] };
}

/** Users by what they were given, and then by what they missed; those whose names were erased are one. */
function topClaimers(entries: readonly JournalEntry[]): readonly ClaimerCount[] {
  const counts = new Map<string | undefined, ClaimerCount>();
  for (const { claimer, reason } of entries) {
    const known = counts.get(claimer?.user) ?? { user: claimer?.user, claimed: 0, missed: 0 };
    const missed = reason === undefined ? 0 : 1;
    counts.set(claimer?.user, { ...known, claimed: known.claimed + 1 - missed, missed: known.missed + missed });
  }
  return [...counts.values()].sort((a, b) => b.claimed - a.claimed || b.missed - a.missed).slice(0, TOP_CLAIMERS);
}
