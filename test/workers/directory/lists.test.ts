/** What operators list, and what it costs: the rows that D1 reads grow with the page, not with the directory. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import {
  listStock,
  listUsers,
  type StockCursor,
  type StockFilter,
  type StockRow,
  stockStatements,
} from "../../../src/directory/lists.ts";
import { directoryOf } from "../../../src/directory/shards.ts";
import { offer, project, revoked, snapshot } from "../support/snapshots.ts";

const FILTERS: readonly StockFilter[] = ["all", "low", "last_resort_only", "exhausted", "expiring"];
const directory = directoryOf(env);

/** All rows of a filter, by pages of two. */
async function pagesOf(filter: StockFilter, expiringBefore = 1): Promise<readonly StockRow[]> {
  const all: StockRow[] = [];
  let after: StockCursor | undefined;
  for (;;) {
    const page = await listStock(directory, { filter, after, limit: 2, expiringBefore });
    expect(page.rows.length).toBeLessThanOrEqual(2);
    all.push(...page.rows);
    after = page.rows.at(-1);
    if (!page.more) return all;
  }
}

const names = (rows: readonly StockRow[]) => rows.map(({ client, ciphersuite }) => `${client}/${ciphersuite}`);

const FULL = 3_000;
/** Values of the columns of a client in good order, as many as FULL, in one statement. */
const seed = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${FULL})
  INSERT INTO clients SELECT printf('many-%06d', i), 'phone', 1, 1, 1, NULL, '[]', '[[1,100,1,5000,0,[]]]', '[]', 5000, NULL
  FROM n`;

describe("an operator's list", () => {
  beforeAll(async () => {
    const full = { nextExpiry: 800, needsUpload: false };
    await project("v1", 1, [
      snapshot("a", 60),
      snapshot("b", 10),
      snapshot("c", 0),
      // Nothing for one ciphersuite, the last resort for the second, enough for the third.
      snapshot("e", 0, {
        offers: [
          offer(0, { ciphersuite: 1, lastResort: false, nextExpiry: null }),
          offer(0, { ciphersuite: 2 }),
          offer(99, { ciphersuite: 3, ...full }),
        ],
      }),
      revoked("f"),
    ]);
    await project("v2", 1, [
      snapshot("d", 0, { offers: [offer(0, { lastResort: false, nextExpiry: null })] }),
      snapshot("never", 0, { offers: [] }),
    ]);
    await project("v3", 1, [revoked("g")]);
  });

  it("finds what is low, empty but for a last resort, exhausted or about to expire, page by page", async () => {
    expect(names(await pagesOf("all"))).toEqual(["a/1", "b/1", "c/1", "e/1", "e/2", "e/3", "d/1", "never/0"]);
    expect(names(await pagesOf("low"))).toEqual(["b/1", "c/1", "e/1", "e/2", "d/1", "never/0"]);
    expect(names(await pagesOf("last_resort_only"))).toEqual(["c/1", "e/2"]);
    expect(names(await pagesOf("exhausted"))).toEqual(["e/1", "d/1", "never/0"]);
    expect(names(await pagesOf("expiring", 901))).toEqual(["e/2", "e/3", "a/1", "b/1", "c/1"]);
    expect(names(await pagesOf("expiring", 801))).toEqual(["e/3"]);
    expect(await pagesOf("expiring", 800)).toEqual([]);
  });

  it("has each user once, those with revoked clients alone included", async () => {
    expect(await listUsers(directory, { prefix: "", after: "", limit: 10 })).toEqual({
      users: ["v1", "v2", "v3"],
      more: false,
    });
    expect(await listUsers(directory, { prefix: "", after: "v1", limit: 1 })).toEqual({ users: ["v2"], more: true });
  });

  it("never scans the table, and reads no more rows than it shows among thousands", async () => {
    await env.DB.prepare(seed).run();
    const session = env.DB.withSession("first-unconstrained");
    const cursor: StockCursor = { user: "v1", client: "b", ciphersuite: 1, soonest: 900 };
    for (const filter of FILTERS) {
      for (const after of [undefined, cursor]) {
        const page = { filter, after, limit: 10, expiringBefore: 1_000 };
        for (const { results, meta } of await session.batch<StockRow>(stockStatements(session, page))) {
          expect([filter, results.length < 12, meta.rows_read < 60]).toEqual([filter, true, true]);
        }
      }
    }
  });

  it.each(FILTERS)("reads a range of an index for the filter %s", async (filter) => {
    const explained = {
      prepare: (text: string) => env.DB.prepare(`EXPLAIN QUERY PLAN ${text}`),
    } as unknown as D1DatabaseSession;
    const page = { filter, after: undefined, limit: 10, expiringBefore: 1_000 };
    for (const statement of stockStatements(explained, page)) {
      const plan = (await statement.all<{ detail: string }>()).results.map(({ detail }) => detail);
      const table = plan.filter((detail) => / c( |$)/.test(detail));
      expect(table).toHaveLength(1);
      expect(table[0]).toMatch(/^SEARCH c USING (PRIMARY KEY|COVERING INDEX|INDEX) /);
      expect(plan.filter((detail) => detail.includes("TEMP B-TREE FOR ORDER BY"))).toEqual([]);
    }
  });
});
