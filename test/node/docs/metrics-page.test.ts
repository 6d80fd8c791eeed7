/** Queries and dashboard name only columns that are written, and the page lists all of them. Alerts: alerts.test.ts. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import { DATA_POINTS } from "../../../src/shared/data-points.ts";

const ROOT = join(import.meta.dirname, "../../..");
const OPERATE = join(ROOT, "docs/operate");
const read = (name: string) => readFileSync(join(OPERATE, name), "utf8");
const queries = readdirSync(join(OPERATE, "queries")).map((name) => ({ name, sql: read(`queries/${name}`) }));
const page = read("metrics.md");

/** What a query does wrong: a kind that is not written, a column beyond its last, or one under another's name. */
function faults(sql: string): string[] {
  const kind = /index1 = '(\w+)'/.exec(sql)?.[1] ?? "";
  const columns = Object.hasOwn(DATA_POINTS, kind) ? DATA_POINTS[kind as keyof typeof DATA_POINTS] : undefined;
  if (!columns) return [`no data point ${kind}`];
  const nameOf = (type: string, place: string) =>
    (type === "blob" ? columns.blobs : columns.doubles)[Number(place) - 1] as string | undefined;
  const beyond = [...sql.matchAll(/\b(blob|double)(\d+)\b/g)]
    .filter(([, type = "", place = ""]) => nameOf(type, place) === undefined)
    .map(([column]) => `${kind} has no ${column}`);
  const renamed = [...sql.matchAll(/\b(blob)(\d+) AS (\w+)/g)]
    .filter(([, type = "", place = "", alias]) => nameOf(type, place) !== alias)
    .map(([column, type = "", place = ""]) => `${column} is ${kind}'s ${nameOf(type, place)}`);
  return [...beyond, ...renamed];
}

describe("the queries", () => {
  it("are nine, and name only columns that are written", () => {
    expect(queries).toHaveLength(9);
    expect(queries.flatMap(({ name, sql }) => faults(sql).map((fault) => `${name}: ${fault}`))).toEqual([]);
  });

  it("would be found out if they did not", () => {
    expect(faults("SELECT blob1 AS source FROM x WHERE index1 = 'claims'")).toEqual(["no data point claims"]);
    expect(faults("SELECT double5 FROM x WHERE index1 = 'delivery'")).toEqual(["delivery has no double5"]);
    expect(faults("SELECT blob2 AS source FROM x WHERE index1 = 'claim'")).toEqual([
      "blob2 AS source is claim's status",
    ]);
  });

  it("count what was sampled as what it stands for, in a dataset that is bound", () => {
    const config = parse(readFileSync(join(ROOT, "wrangler.toml"), "utf8")) as {
      env: { production: { analytics_engine_datasets: { dataset: string }[] } };
    };
    const { dataset } = config.env.production.analytics_engine_datasets[0] ?? { dataset: "none" };
    for (const { name, sql } of queries) {
      expect(sql, name).toContain(`FROM ${dataset}\n`);
      expect(sql, name).toContain("_sample_interval");
    }
  });

  it("watch every kind but that of uploads, and are all in the dashboard as they are", () => {
    const watched = new Set(queries.map(({ sql }) => /index1 = '(\w+)'/.exec(sql)?.[1]));
    expect(Object.keys(DATA_POINTS).filter((kind) => !watched.has(kind))).toEqual(["upload"]);
    const { panels } = JSON.parse(read("dashboard.json")) as { panels: { targets: { query: string }[] }[] };
    const shown = panels.flatMap(({ targets }) => targets.map(({ query }) => query)).toSorted();
    expect(shown).toEqual(queries.map(({ sql }) => sql.replace(/^--.*\n/, "").trimEnd()).toSorted());
  });
});

describe("the page", () => {
  it("lists each kind with its columns in their order", () => {
    for (const [kind, { blobs, doubles }] of Object.entries(DATA_POINTS)) {
      const [, , first = "", second = ""] =
        page
          .split("\n")
          .find((line) => line.startsWith(`| \`${kind}\``))
          ?.split("|") ?? [];
      const names = (cell: string) =>
        cell
          .replace(/\([^)]*\)/g, "")
          .split(",")
          .map((name) => name.trim());
      expect([kind, names(first), names(second)]).toEqual([kind, [...blobs], [...doubles]]);
    }
  });
});
