/**
 * Each alert's query yields the number that its row in docs/operate/metrics.md names, over the window named there, from
 * points as the service writes them. Analytics Engine is not to be had here: SQLite runs the queries, with the functions
 * that it lacks put in.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import type { ClientClaim } from "../../../src/contract/claim-messages.ts";
import type { FailureKind } from "../../../src/http/auth/authentication-failure.ts";
import { OPERATIONS } from "../../../src/http/resources/all-operations.ts";
import { countAuthenticationFailure, countClaims, gaugeStock } from "../../../src/http/telemetry/metrics.ts";
import type { Delivery } from "../../../src/pool/events/delivery.ts";
import { DATA_POINTS, writePoint } from "../../../src/shared/data-points.ts";
import { type Alert, alertRules, alertsOf, boundsIn, boundsOf, statementOf } from "../../../tools/lib/alert-rules.ts";

const OPERATE = join(import.meta.dirname, "../../../docs/operate");
const read = (name: string) => readFileSync(join(OPERATE, name), "utf8");
const page = read("metrics.md");
const alerts = alertsOf(page);
const sqlOf = ({ name }: Alert) => read(`alerts/${name}.sql`);

const NOW = 1_700_000_000;

type Write = (dataset: AnalyticsEngineDataset) => void;
type Point = { readonly write: Write; readonly times?: number; readonly secondsAgo: number; readonly stands?: number };

/** What a query yields from these points, each of which stands for as many as sampling has left out. */
function run(sql: string, points: readonly Point[]): number[] {
  const db = new DatabaseSync(":memory:");
  const columns = Array.from({ length: 4 }, (_, index) => `blob${index + 1} TEXT, double${index + 1} REAL`);
  db.exec(
    `CREATE TABLE mls_key_directory_production (index1 TEXT, timestamp INTEGER, _sample_interval INTEGER, ${columns})`,
  );
  for (const { write, times = 1, secondsAgo, stands = 1 } of points) {
    const insert = ({ indexes = [], blobs = [], doubles = [] }: AnalyticsEngineDataPoint) => {
      const row: Record<string, string | number> = {
        index1: String(indexes[0]),
        timestamp: NOW - secondsAgo,
        _sample_interval: stands,
        ...Object.fromEntries(blobs.map((value, index) => [`blob${index + 1}`, String(value)])),
        ...Object.fromEntries(doubles.map((value, index) => [`double${index + 1}`, value])),
      };
      const names = Object.keys(row);
      db.prepare(`INSERT INTO mls_key_directory_production (${names}) VALUES (${names.map(() => "?")})`).run(
        ...Object.values(row),
      );
    };
    for (let time = 0; time < times; time++) write({ writeDataPoint: (point) => insert(point ?? {}) });
  }
  db.aggregate("sumIf", { start: 0, step: (sum: number, value, isMeant) => (isMeant ? sum + Number(value) : sum) });
  // What an aggregate gathers must be a value of SQLite: "level value weight value weight …".
  db.aggregate("quantile", {
    start: "",
    step: (gathered, level, value, weight) => `${gathered || level} ${value} ${weight}`,
    result: (gathered) => weightedQuantile(...(String(gathered).split(" ").map(Number) as [number, ...number[]])),
  });
  const here = statementOf(sql)
    .replace(/NOW\(\) - INTERVAL '(\d+)' (MINUTE|HOUR|DAY)/g, (_, count, unit) => {
      const seconds = { MINUTE: 60, HOUR: 3_600, DAY: 86_400 }[unit as "MINUTE" | "HOUR" | "DAY"];
      return String(NOW - Number(count) * seconds);
    })
    .replace(/\bif\(/g, "iif(")
    .replace(/quantileExactWeighted\(([\d.]+)\)\(/g, "quantile($1, ");
  const rows = db.prepare(here).all();
  db.close();
  // The sum of no rows is 0 there.
  return rows.map(({ value }) => Number(value ?? 0));
}

function weightedQuantile(level: number, ...pairs: readonly number[]): number {
  const values = pairs.flatMap((value, index) => (index % 2 === 0 ? [{ value, weight: pairs[index + 1] ?? 0 }] : []));
  const total = values.reduce((sum, { weight }) => sum + weight, 0);
  let seen = 0;
  for (const { value, weight } of values.toSorted((a, b) => a.value - b.value)) {
    seen += weight;
    if (seen >= level * total) return value;
  }
  return Number.NaN;
}

const request =
  (status: number, ms = 10, route = "/v1/policy", method = "GET"): Write =>
  (dataset) =>
    writePoint(dataset, "request", { method, route, status: String(status), problem: "", count: 1, ms });
const denied =
  (kind: FailureKind): Write =>
  (dataset) =>
    countAuthenticationFailure(dataset, kind);
const claimed =
  (claim: ClientClaim, replayed = false): Write =>
  (dataset) =>
    countClaims(dataset, [claim], replayed);
const written =
  (lagMs: number, earlierFailures = 0, outcome = "delivered"): Write =>
  (dataset) =>
    writePoint(dataset, "delivery", { outcome, count: 1, ms: 5, earlier_failures: earlierFailures, lag_ms: lagMs });
const told =
  (outcome: Delivery["outcome"] | "given_up", earlierFailures = 0): Write =>
  (dataset) =>
    writePoint(dataset, "event", { type: "stock.low", outcome, count: 1, ms: 5, earlier_failures: earlierFailures });
const failedAlarm: Write = (dataset) => writePoint(dataset, "alarm", { outcome: "failed", count: 1 });
const stocked =
  (available: number, ciphersuite = 1): Write =>
  (dataset) =>
    gaugeStock(dataset, [
      {
        ciphersuite,
        available,
        lastResort: undefined,
        nextExpiry: undefined,
        target: 100,
        lowWatermark: 20,
        needsUpload: false,
      },
    ]);

const gave = claimed({
  client: "phone",
  status: "claimed",
  package: {
    keyPackage: new Uint8Array(),
    keyPackageRef: new Uint8Array(),
    ciphersuite: 1,
    notAfter: NOW,
    registeredAt: undefined,
  },
});
const gaveNothing = claimed({ client: "phone", status: "exhausted" });
const unfit = claimed({ client: "phone", status: "incompatible" });
const limited = claimed({ client: "phone", status: "rate_limited", retryAfterSeconds: 1 });
const excluded = claimed({ client: "phone", status: "excluded" });

const claimOfUser = OPERATIONS.find(({ id }) => id === "claimUser");
const CLAIM_ROUTE = claimOfUser?.path.replace(/\{(\w+)\}/g, ":$1") ?? "none";
const claimTook = (ms: number) => request(200, ms, CLAIM_ROUTE, claimOfUser?.method);

type Case = {
  /** Points within the window, and how often. */
  readonly inside: readonly (readonly [Write, number])[];
  /** One that would change the number, and must not: it is too old. */
  readonly outside: Write;
  readonly yields: readonly number[];
};

const CASES: Readonly<Record<string, Case>> = {
  errors: {
    inside: [
      [request(500), 1],
      [request(503), 1],
      [request(200), 18],
    ],
    outside: request(500),
    yields: [5],
  },
  unavailable: {
    inside: [
      [request(503), 3],
      [request(500), 1],
      [request(200), 96],
    ],
    outside: request(503),
    yields: [3],
  },
  slow: {
    // The 95th of a hundred; other routes, and the reading of the same one, do not count.
    inside: [
      [claimTook(20), 94],
      [claimTook(1_500), 6],
      [request(200, 90_000), 500],
      [request(200, 90_000, CLAIM_ROUTE), 500],
    ],
    outside: claimTook(60_000),
    yields: [1_500],
  },
  authentication: {
    inside: [
      [denied("unknown_key"), 1],
      [denied("bad_signature"), 2],
      [denied("expired"), 40],
      [request(401), 43],
      [request(200), 57],
    ],
    outside: denied("unknown_key"),
    yields: [3],
  },
  issuer: {
    inside: [
      [denied("keys_unavailable"), 4],
      [denied("unusable_key"), 9],
    ],
    outside: denied("keys_unavailable"),
    yields: [4],
  },
  drained: {
    inside: [
      [gave, 17],
      [gaveNothing, 2],
      [unfit, 1],
      [limited, 500],
      [excluded, 500],
      [claimed({ client: "phone", status: "exhausted" }, true), 500],
    ],
    outside: gaveNothing,
    yields: [15],
  },
  draining: {
    inside: [
      [limited, 60],
      [gaveNothing, 500],
    ],
    outside: limited,
    yields: [3],
  },
  "directory-late": {
    inside: [
      [written(50), 94],
      [written(300_000, 3, "silent"), 6],
    ],
    outside: written(9_000_000),
    yields: [300_000],
  },
  "directory-down": {
    inside: [
      [written(50), 10],
      [written(50, 9, "refused"), 1],
    ],
    outside: written(1, 99),
    yields: [9],
  },
  alarms: { inside: [[failedAlarm, 11]], outside: failedAlarm, yields: [11] },
  "events-late": {
    inside: [
      [told("delivered"), 5],
      [told("timeout", 12), 1],
    ],
    outside: told("timeout", 70),
    yields: [12],
  },
  "events-lost": {
    inside: [
      [told("rejected"), 2],
      [told("given_up"), 1],
      [told("refused"), 30],
      [told("delivered"), 30],
    ],
    outside: told("given_up"),
    yields: [3],
  },
  stock: {
    inside: [
      [stocked(4), 2],
      [stocked(90), 8],
      [stocked(70, 2), 10],
    ],
    outside: stocked(0),
    yields: [4, 70],
  },
};

describe("an alert's query", () => {
  it("there is for each alert, and for no other", () => {
    const files = readdirSync(join(OPERATE, "alerts")).toSorted();
    expect(alerts.map(({ name }) => `${name}.sql`).toSorted()).toEqual(files);
    expect(Object.keys(CASES).toSorted()).toEqual(alerts.map(({ name }) => name).toSorted());
  });

  it.each(alerts)("of $name looks at the window that the page names, and at nothing older", (alert) => {
    expect(boundsIn(sqlOf(alert))).toEqual(boundsOf(alert.window));
    // Every time in it is one of those bounds.
    expect(sqlOf(alert).match(/NOW\(\)/g)?.length).toBe(
      sqlOf(alert).match(/timestamp (?:>|<=) NOW\(\) - INTERVAL '\d+' (?:MINUTE|HOUR|DAY)\b/g)?.length,
    );
  });

  it.each(alerts)("of $name yields the number that is compared, of that window alone", (alert) => {
    const { inside, outside, yields } = CASES[alert.name] as Case;
    const oldest = alert.window.minutes * 60;
    const points = inside.flatMap(([write, times]) => [{ write, times, secondsAgo: oldest - 1 }]);
    const sql = sqlOf(alert);
    expect(run(sql, [...points, { write: outside, times: 500, secondsAgo: oldest + 1 }])).toEqual(yields);
    // Each point stands for seven: a share or a percentile stays, a count is seven times as high.
    const sampled = run(
      sql,
      points.map((point) => ({ ...point, stands: 7 })),
    );
    const isCount = sql.includes("SELECT\n  SUM(") || alert.name === "draining";
    expect(sampled).toEqual(isCount ? yields.map((value) => value * 7) : yields);
  });

  it.each(alerts)("of $name is quiet where nothing was counted", (alert) => {
    const yielded = run(sqlOf(alert), []);
    expect(yielded).toEqual(alert.name === "stock" ? [] : [0]);
  });

  it("of draining compares with the same minutes of the day before, and with 20 at least", () => {
    const draining = alerts.find(({ name }) => name === "draining") as Alert;
    const now = { write: limited, times: 300, secondsAgo: 60 };
    const dayBefore = (times: number, secondsAgo: number) => ({
      write: limited,
      times,
      secondsAgo: 86_400 + secondsAgo,
    });
    expect(run(sqlOf(draining), [now, dayBefore(30, 1), dayBefore(30, 299)])).toEqual([5]);
    expect(run(sqlOf(draining), [now, dayBefore(30, -1), dayBefore(30, 301)])).toEqual([15]);
  });

  it.each(alerts)("of $name names only columns that are written, each of one kind", (alert) => {
    expect(strayColumns(sqlOf(alert))).toEqual([]);
    expect(sqlOf(alert)).toContain("FROM mls_key_directory_production\n");
    expect(sqlOf(alert).split("\n", 1)[0]).toMatch(/^-- .+\.$/);
  });

  it("would be found out if it did not", () => {
    expect(strayColumns("SELECT double5 FROM x WHERE index1 = 'delivery'")).toEqual(["delivery has no double5"]);
    expect(strayColumns("SELECT double1 FROM x WHERE index1 = 'claims'")).toEqual(["no data point claims"]);
    expect(strayColumns("SELECT double1 FROM x")).toEqual(["no kind"]);
    expect(strayColumns("SELECT double2 FROM x WHERE index1 IN ('claim', 'request')")).toEqual([
      "double2 is replayed of claim, and ms of request",
    ]);
    expect(strayColumns("SELECT blob1 FROM x WHERE index1 IN ('claim', 'request')")).toEqual([
      "blob1 is source of claim, and method of request",
    ]);
  });
});

/** Columns that a kind of the query does not have, or that mean another thing in each, but behind a condition on the kind. */
function strayColumns(sql: string): string[] {
  const [, one, several = ""] = /WHERE index1 (?:= '(\w+)'|IN \(([^)]+)\))/.exec(sql) ?? [];
  const kinds = one === undefined ? [...several.matchAll(/'(\w+)'/g)].map(([, kind = ""]) => kind) : [one];
  if (kinds.length === 0) return ["no kind"];
  const unknown = kinds.filter((kind) => !Object.hasOwn(DATA_POINTS, kind));
  if (unknown.length > 0) return unknown.map((kind) => `no data point ${kind}`);
  const meaning = (kind: string, type: string, place: string) => {
    const { blobs, doubles } = DATA_POINTS[kind as keyof typeof DATA_POINTS];
    return ((type === "blob" ? blobs : doubles) as readonly string[])[Number(place) - 1];
  };
  const faults: string[] = [];
  const ofOneKind = /index1 = '(\w+)' AND (blob|double)(\d+)/g;
  for (const [, kind = "", type = "", place = ""] of sql.matchAll(ofOneKind)) {
    if (meaning(kind, type, place) === undefined) faults.push(`${kind} has no ${type}${place}`);
  }
  const rest = kinds.length > 1 ? sql.replaceAll(ofOneKind, "") : sql;
  for (const [column, type = "", place = ""] of rest.matchAll(/\b(blob|double)(\d+)\b/g)) {
    const meanings = kinds.map((kind) => ({ kind, name: meaning(kind, type, place) }));
    const missing = meanings.filter(({ name }) => name === undefined);
    faults.push(...missing.map(({ kind }) => `${kind} has no ${column}`));
    if (missing.length === 0 && new Set(meanings.map(({ name }) => name)).size > 1) {
      faults.push(`${column} is ${meanings.map(({ kind, name }) => `${name} of ${kind}`).join(", and ")}`);
    }
  }
  return [...new Set(faults)];
}

describe("the rules for Grafana", () => {
  it("are those of the page, with the queries as they are", () => {
    expect(read("alert-rules.json")).toBe(alertRules(alerts, sqlOf));
  });

  it("compare with the threshold of the page, and name a runbook that exists", () => {
    type Rule = {
      title: string;
      for: string;
      condition: string;
      annotations: { runbook: string };
      data: { refId: string; model: { expression?: string; query?: string; conditions?: { evaluator: object }[] } }[];
    };
    const rules = JSON.parse(read("alert-rules.json")).groups[0].rules as Rule[];
    expect(rules).toHaveLength(alerts.length);
    const told = page.split("\n").filter((line) => line.includes("](alerts/"));
    for (const [index, { title, data, condition, annotations, ...rule }] of rules.entries()) {
      const [, , , , fires = ""] = (told[index] ?? "").split("|").map((cell) => cell.trim());
      const evaluator = data.find(({ refId }) => refId === condition)?.model.conditions?.[0]?.evaluator;
      const { type, params } = evaluator as { type: string; params: number[] };
      const held = rule.for === "0m" ? "" : `, for ${rule.for.replace("m", "")} minutes`;
      expect(`${type === "gt" ? "above" : "below"} ${params[0]?.toLocaleString("en")}${held}`, title).toBe(fires);
      expect(data.find(({ refId }) => refId === "A")?.model.query).toBe(statementOf(read(`alerts/${title}.sql`)));
      expect(readdirSync(OPERATE)).toContain(annotations.runbook.replace("docs/operate/", ""));
    }
  });

  it("cannot be made from a row that says no threshold or no window", () => {
    const row = "| [errors](alerts/errors.sql) | x | 5 minutes | above 0.1 | y | [abuse](abuse.md) |";
    expect(alertsOf(row)).toHaveLength(1);
    expect(() => alertsOf(row.replace("above 0.1", "often"))).toThrow("not a row of alerts");
    expect(() => alertsOf(row.replace("5 minutes", "a while"))).toThrow("not a window: a while");
  });
});
