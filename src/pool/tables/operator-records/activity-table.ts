/**
 * Who claims most, who is claimed from most, and who is refused most, in spans of time: one row for each span, so that a
 * batch writes two rows however many requests it stands for. Users are named by the id of their pool's object.
 */
import { ACTIVITY_DAY, ACTIVITY_HOUR, ACTIVITY_NAMES } from "../../../config/limits.ts";
import { ACTIVITY_LISTS, type Activity, type ActivitySpan } from "../../../contract/record-messages.ts";
import { merge, newTally } from "../../../shared/heavy-hitters.ts";

const SPANS = { hour: ACTIVITY_HOUR, day: ACTIVITY_DAY } as const;

type StoredTally = {
  readonly counts: readonly (readonly [string, number])[];
  readonly total: number;
  readonly missed: number;
};

export function makeActivity(sql: SqlStorage): void {
  sql.exec(
    `CREATE TABLE IF NOT EXISTS activity (
      seconds INTEGER NOT NULL,
      start INTEGER NOT NULL,
      tallies TEXT NOT NULL,
      PRIMARY KEY (seconds, start)
    ) STRICT, WITHOUT ROWID`,
  );
}

/** Adds a batch to the spans of `now` (unix seconds). With a span that begins, what is older than is ever shown goes. */
export function addActivity(sql: SqlStorage, batch: Activity, now: number): void {
  for (const { seconds, kept } of Object.values(SPANS)) {
    const start = now - (now % seconds);
    const stored = readFrom(sql, seconds, start).slice(0, 1);
    if (stored.length === 0) sql.exec("DELETE FROM activity WHERE seconds = ? AND start <= ?", seconds, now - kept);
    const tallies = JSON.stringify(written(merged([...stored, batch])));
    sql.exec(
      `INSERT INTO activity (seconds, start, tallies) VALUES (?1, ?2, ?3)
       ON CONFLICT (seconds, start) DO UPDATE SET tallies = ?3`,
      seconds,
      start,
      tallies,
    );
  }
}

/** All of the last hour or day, by whole spans that began within it; `since` is when the first of them began. */
export function readActivity(sql: SqlStorage, span: ActivitySpan, now: number) {
  const { seconds, kept } = SPANS[span];
  const since = now - kept + seconds - (now % seconds);
  return { since, activity: merged(readFrom(sql, seconds, since)) };
}

/** What was counted in the spans that began at `start` or later, the earliest first. */
function readFrom(sql: SqlStorage, seconds: number, start: number): readonly Activity[] {
  return sql
    .exec<{ tallies: string }>(
      "SELECT tallies FROM activity WHERE seconds = ? AND start >= ? ORDER BY start",
      seconds,
      start,
    )
    .toArray()
    .map(({ tallies }) => read(tallies));
}

function merged(parts: readonly Activity[]): Activity {
  return byList((list) => {
    const all = newTally();
    for (const part of parts) merge(all, part[list], ACTIVITY_NAMES);
    return all;
  });
}

const written = (activity: Activity) =>
  byList((list) => ({ ...activity[list], counts: [...activity[list].counts] }) satisfies StoredTally);

function read(text: string): Activity {
  const stored = JSON.parse(text) as Readonly<Record<keyof Activity, StoredTally>>;
  return byList((list) => ({ ...stored[list], counts: new Map(stored[list].counts) }));
}

const byList = <T>(make: (list: keyof Activity) => T) =>
  Object.fromEntries(ACTIVITY_LISTS.map((list) => [list, make(list)])) as Readonly<Record<keyof Activity, T>>;
