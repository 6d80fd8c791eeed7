/**
 * docs/scale.md: its rows are those that test/workers/budgets/rows.test.ts counts, what its text says of them is what its
 * tables say, and its sections are those that the commands print. The rest is of the run that the page names.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { HABITS } from "../../../tools/lib/cost/month.ts";
import { LIMITS, PRICES, PRICES_READ_ON } from "../../../tools/lib/cost/prices.ts";
import { EXPECTED_ROWS } from "../../support/expected-rows.ts";

const page = readFileSync("docs/scale.md", "utf8");
const flat = page.replace(/\s+/g, " ");

const cellsOf = (line: string): string[] =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());

/** The rows below a heading of which the columns begin so, by the first cell of each. */
function tableOf(text: string, ...columns: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const lines = text.split("\n");
  const head = lines.findIndex((line) => {
    const cells = cellsOf(line);
    return columns.every((column, index) => cells[index] === column);
  });
  if (head < 0) throw new Error(`there is no table of ${columns.join(", ")}`);
  const end = lines.findIndex((line, index) => index > head && !line.startsWith("|"));
  return new Map(
    lines.slice(head + 2, end < 0 ? undefined : end).map((line) => {
      const [name = "", ...values] = cellsOf(line);
      return [name, values];
    }),
  );
}

const rows = tableOf(page, "", "object", "alarms", "D1", "rows");

describe("the table of rows", () => {
  it("has the rows that the tests count, each operation once", () => {
    const shown = [...rows].map(([name, [object, alarms, directory, all]]) => [
      name,
      [Number(object), Number(alarms), Number(directory)],
      Number(all),
    ]);
    const counted = Object.entries(EXPECTED_ROWS).map(([name, { rows }]) => [
      name,
      rows,
      rows.reduce((all, one) => all + one, 0),
    ]);
    expect(shown).toEqual(counted);
  });

  it("is what the text below it says", () => {
    const all = (name: string) => rows.get(name)?.[3];
    expect(flat).toContain(`The clean-up of a batch that was not claimed from is ${all("cleanup_100")} rows.`);
    expect(flat).toContain(`when the journal's 30 days are over: ${all("cleanup_100_claimed_with_keys")} rows`);
    const aClaim = Number(all("cleanup_100_claimed_with_keys")) / 100;
    expect(flat).toContain(
      `a claim with a key: ${all("claim_with_key")} rows at once, 1 when its answer ends and ${aClaim}`,
    );
    expect(flat).toContain(`An isolate that serves writes ${all("isolate_minute")} rows per minute`);
  });
});

describe("what else is in the sources", () => {
  it("prices, and when they were read", () => {
    const prices = tableOf(page, "", "USD", "per", "included a month");
    expect(
      new Map([...prices].map(([unit, [usd, per, included]]) => [unit, [usd, per, included].map(Number)])),
    ).toEqual(new Map(Object.entries(PRICES).map(([unit, { usd, per, included }]) => [unit, [usd, per, included]])));
    expect(Date.parse(PRICES_READ_ON)).toBeGreaterThan(0);
  });

  it("at how many devices the size of one database is met", () => {
    const bytes = Number(tableOf(page, "", "bytes").get("one more client, in D1")?.[0]);
    const millions = Math.round(LIMITS.directoryBytes / bytes / 1e6);
    expect(flat).toContain(`10 GB / ${bytes} bytes = ${millions} million devices`);
    expect(flat).toContain(`next, at ${millions} million devices`);
  });

  it("at how many isolates the one object of operators' records is met, and at how many devices", () => {
    const [least, most] = LIMITS.poolWritesPerSecond.map((perSecond) => (perSecond * 60).toLocaleString("en"));
    expect(flat).toContain(`${least} to ${most} isolates awake`);
    const busiest = tableOf(page, "devices", "requests/s");
    const awake = Number(busiest.get("100,000,000")?.[7]);
    const requests = Number(busiest.get("100,000,000")?.[0]);
    expect(awake).toBe(Math.round((requests * 60) / HABITS.requestsPerIsolateMinute));
    const millions = Math.round((100 * (LIMITS.poolWritesPerSecond[0] * 60)) / awake);
    expect(flat).toContain(`${millions} million devices by the habit above`);
  });
});

it("has the prices that README.md shows", () => {
  const perMillion = tableOf(page, "", "rows", "requests", "CPU");
  const usd = (name: string) => perMillion.get(name)?.at(-1) ?? "";
  const names = ["publish_100", "claim_with_key", "claim_without_key", "replay", "idle_user_month"];
  const shown = [...tableOf(readFileSync("README.md", "utf8"), "", "rows", "USD per million, calls and logs included")];
  expect(shown.map(([, cells]) => /[\d.]+\d/.exec(cells[1] ?? "")?.[0])).toEqual(names.map(usd));
});

it("shows what a run of `npm run simulate` lists, here of a small directory", () => {
  const printed = execFileSync("node", ["tools/simulate.ts", "--users", "10000"], { encoding: "utf8" });
  for (const columns of [
    ["", "databases"],
    ["", "calls/s"],
  ]) {
    expect([...tableOf(page, ...columns).keys()]).toEqual([...tableOf(printed, ...columns).keys()]);
  }
});
