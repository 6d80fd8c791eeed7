/** Stock levels as the directory lists them, and what they come to. Pure, but for the calls. */
import type { Answer, Api } from "./api.ts";
import type { StockPage } from "./operator-api-types.ts";

export type StockRow = StockPage["rows"][number];

export const FILTERS = {
  all: "All clients",
  low: "Need packages",
  last_resort_only: "Only a last resort left",
  exhausted: "Nothing left",
  expiring: "Expire within 7 days",
} as const;
export type Filter = keyof typeof FILTERS;

/** More than anybody reads: an export or a metric is the way to more. */
export const MOST_ROWS = 10_000;
const PAGE_ROWS = 500;

export type Stock = { readonly rows: readonly StockRow[]; readonly isWhole: boolean };

/** Page after page. `progress` is called with the rows so far; what it returns says whether to go on. */
export async function loadStock(api: Api, filter: Filter, progress: (rows: number) => boolean): Promise<Answer<Stock>> {
  const rows: StockRow[] = [];
  let after: string | null = null;
  do {
    const query = new URLSearchParams({ filter, limit: String(PAGE_ROWS) });
    if (after !== null) query.set("after", after);
    const page: Answer<StockPage> = await api.call("GET", `/v1/admin/stock?${query}`);
    if (!page.ok) return page;
    rows.push(...page.value.rows);
    after = page.value.next;
    if (!progress(rows.length)) break;
  } while (after !== null && rows.length < MOST_ROWS);
  return { ok: true, value: { rows, isWhole: after === null } };
}

export type Totals = {
  readonly clients: number;
  readonly packages: number;
  readonly needUpload: number;
  readonly lastResortOnly: number;
  readonly exhausted: number;
  readonly bySuite: readonly { readonly suite: number; readonly clients: number; readonly packages: number }[];
};

/** A client has a row for each suite, and one without a suite while it has never uploaded. */
export function totalsOf(rows: readonly StockRow[]): Totals {
  const nameOf = ({ user, client }: StockRow) => JSON.stringify([user, client]);
  const suites = Map.groupBy(
    rows.filter(({ ciphersuite }) => ciphersuite !== null),
    ({ ciphersuite }) => ciphersuite ?? 0,
  );
  return {
    clients: new Set(rows.map(nameOf)).size,
    packages: sum(rows),
    needUpload: new Set(rows.filter((row) => row.needs_upload).map(nameOf)).size,
    lastResortOnly: rows.filter((row) => row.available === 0 && row.last_resort).length,
    exhausted: rows.filter((row) => row.available === 0 && !row.last_resort).length,
    bySuite: [...suites]
      .map(([suite, own]) => ({ suite, clients: own.length, packages: sum(own) }))
      .toSorted((a, b) => a.suite - b.suite),
  };
}

const sum = (rows: readonly StockRow[]): number => rows.reduce((total, { available }) => total + available, 0);

export type Bar = { readonly label: string; readonly count: number };

/** How full clients are: packages from `from` on, up to the next. */
const LEVELS = [
  { from: 0, label: "0" },
  { from: 1, label: "1–9" },
  { from: 10, label: "10–24" },
  { from: 25, label: "25–49" },
  { from: 50, label: "50–99" },
  { from: 100, label: "100–149" },
  { from: 150, label: "150+" },
] as const;

export function byLevel(rows: readonly StockRow[]): Bar[] {
  return LEVELS.map(({ from, label }, index) => {
    const below = LEVELS[index + 1]?.from ?? Number.POSITIVE_INFINITY;
    return { label, count: rows.filter(({ available }) => available >= from && available < below).length };
  });
}

const WEEK_SECONDS = 7 * 24 * 3_600;
const WEEKS = 13;

/** In which of the next weeks the stock of how many clients begins to expire. `now` in unix seconds. */
export function byExpiry(rows: readonly StockRow[], now: number): Bar[] {
  return Array.from({ length: WEEKS }, (_, week) => ({
    label: week === 0 ? "this week" : `in ${week} ${week === 1 ? "week" : "weeks"}`,
    count: rows.filter(({ next_expiry: at }) => {
      if (at === null) return false;
      const weeks = Math.floor((at - now) / WEEK_SECONDS);
      return weeks === week || (week === 0 && weeks < 0);
    }).length,
  }));
}
