/** What the console makes of stock levels. */
import { describe, expect, it } from "vitest";
import type { Answer, Api } from "../../../src/web/console/api.ts";
import type { StockPage } from "../../../src/web/console/operator-api-types.ts";
import {
  byExpiry,
  byLevel,
  loadStock,
  MOST_ROWS,
  type StockRow,
  totalsOf,
} from "../../../src/web/console/stock-totals.ts";

const NOW = 1_800_000_000;
const WEEK = 7 * 24 * 3_600;

const row = (change: Partial<StockRow> = {}): StockRow => ({
  user: "alice",
  client: "phone",
  ciphersuite: 1,
  available: 60,
  last_resort: true,
  next_expiry: NOW + 30 * 24 * 3_600,
  needs_upload: false,
  ...change,
});

/** Pages of this many rows each, as the directory gives them; without an end if it has none. */
function directory(pages: number, rowsEach: number): Api & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    call: async <T>(_: string, path: string): Promise<Answer<T>> => {
      asked.push(path);
      const rows = Array.from({ length: rowsEach }, () => row());
      const page: StockPage = { rows, next: asked.length < pages ? `page-${asked.length}` : null };
      return { ok: true, value: page as T };
    },
  };
}

describe("the stock of the console", () => {
  it("is loaded page after page, each from where the one before ended", async () => {
    const api = directory(3, 2);
    const loaded = await loadStock(api, "low", () => true);
    expect(loaded).toMatchObject({ ok: true, value: { isWhole: true, rows: { length: 6 } } });
    expect(api.asked).toEqual([
      "/v1/admin/stock?filter=low&limit=500",
      "/v1/admin/stock?filter=low&limit=500&after=page-1",
      "/v1/admin/stock?filter=low&limit=500&after=page-2",
    ]);
  });

  it("stops at its bound, and says that it is not the whole", async () => {
    const api = directory(Number.POSITIVE_INFINITY, 500);
    const loaded = await loadStock(api, "all", () => true);
    expect(loaded).toMatchObject({ ok: true, value: { isWhole: false, rows: { length: MOST_ROWS } } });
    expect(api.asked).toHaveLength(MOST_ROWS / 500);
  });

  it("stops when something else was asked for", async () => {
    const api = directory(3, 2);
    await loadStock(api, "all", () => false);
    expect(api.asked).toHaveLength(1);
  });

  it("counts clients once, however many suites they have, and who needs what", () => {
    const totals = totalsOf([
      row(),
      row({ ciphersuite: 2, available: 5, needs_upload: true }),
      row({ client: "laptop", available: 0, last_resort: true, needs_upload: true }),
      row({ user: "bob", available: 0, last_resort: false, needs_upload: true }),
      row({
        user: "carol",
        ciphersuite: null,
        available: 0,
        last_resort: false,
        next_expiry: null,
        needs_upload: true,
      }),
    ]);
    expect(totals).toMatchObject({ clients: 4, packages: 65, needUpload: 4, lastResortOnly: 1, exhausted: 2 });
    expect(totals.bySuite).toEqual([
      { suite: 1, clients: 3, packages: 60 },
      { suite: 2, clients: 1, packages: 5 },
    ]);
  });

  it("has every row in one bar of each chart", () => {
    const rows = [0, 1, 9, 10, 49, 50, 100, 149, 150, 200].map((available) => row({ available }));
    expect(byLevel(rows).map(({ count }) => count)).toEqual([1, 2, 1, 1, 1, 2, 2]);
    const times = [NOW - 5, NOW, NOW + WEEK - 1, NOW + WEEK, NOW + 12 * WEEK, NOW + 13 * WEEK];
    const weeks = byExpiry([...times.map((next_expiry) => row({ next_expiry })), row({ next_expiry: null })], NOW);
    expect([weeks[0]?.count, weeks[1]?.count, weeks[12]?.count, weeks.length]).toEqual([3, 1, 1, 13]);
  });
});
