/** Claims, refusals and the directory's lag over time: one row for each span in which there was any, and none while idle. */
import { SERIES_KEPT_SECONDS, SERIES_ROW_SECONDS, SERIES_SPANS } from "../../../config/limits.ts";
import { addedUp, type Series, type SeriesCounts, type SeriesSpan } from "../../../contract/series-messages.ts";

export function makeSeries(sql: SqlStorage): void {
  sql.exec(
    `CREATE TABLE IF NOT EXISTS series (
      start INTEGER PRIMARY KEY,
      counts TEXT NOT NULL
    ) STRICT`,
  );
}

/** Adds to the span of `now` (unix seconds). With a span that begins, what is older than is ever shown goes. */
export function addToSeries(sql: SqlStorage, counts: SeriesCounts, now: number): void {
  const start = now - (now % SERIES_ROW_SECONDS);
  const [stored] = readRows(sql, start, start);
  if (stored === undefined) sql.exec("DELETE FROM series WHERE start <= ?", now - SERIES_KEPT_SECONDS);
  sql.exec(
    "INSERT INTO series (start, counts) VALUES (?1, ?2) ON CONFLICT (start) DO UPDATE SET counts = ?2",
    start,
    JSON.stringify(addedUp(stored?.counts ?? {}, counts)),
  );
}

/** Every step of the span that ends with the one of `now`. */
export function readSeries(sql: SqlStorage, span: SeriesSpan, now: number): Series {
  const { stepSeconds, steps } = SERIES_SPANS[span];
  const since = now - (now % stepSeconds) - (steps - 1) * stepSeconds;
  const found: SeriesCounts[] = Array.from({ length: steps }, () => ({}));
  // A clock that was ahead may have left rows of times to come.
  for (const { start, counts } of readRows(sql, since, now)) {
    const step = Math.floor((start - since) / stepSeconds);
    found[step] = addedUp(found[step] ?? {}, counts);
  }
  return { since, stepSeconds, steps: found };
}

function readRows(sql: SqlStorage, from: number, to: number) {
  return sql
    .exec<{ start: number; counts: string }>(
      "SELECT start, counts FROM series WHERE start BETWEEN ? AND ? ORDER BY start",
      from,
      to,
    )
    .toArray()
    .map(({ start, counts }) => ({ start, counts: JSON.parse(counts) as SeriesCounts }));
}
