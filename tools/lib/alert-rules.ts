/**
 * The alerts of docs/operate/metrics.md: its table says what fires when and why, docs/operate/alerts has a query for each,
 * and both together make the rules that Grafana is provisioned with.
 */

export type Alert = {
  readonly name: string;
  /** What its query yields, for people. */
  readonly number: string;
  /** How far back the query looks. */
  readonly window: Window;
  readonly fires: "above" | "below";
  readonly threshold: number;
  /** How long it must hold before somebody is woken. */
  readonly heldMinutes: number;
  readonly reason: string;
  /** The page in docs/operate that says what to do. */
  readonly runbook: string;
};

export type Window = { readonly minutes: number; readonly isComparedWithDayBefore: boolean };

const DAY_MINUTES = 24 * 60;
const UNIT_MINUTES: Readonly<Record<string, number>> = { minute: 1, hour: 60, day: DAY_MINUTES };

const ROW =
  /^\| \[([\w-]+)\]\(alerts\/\1\.sql\) \| ([^|]+) \| ([^|]+) \| (above|below) ([\d.,]+)(?:, for (\d+) minutes)? \| ([^|]+) \| \[[\w-]+\]\(([\w-]+)\.md\) \|$/;

/** The rows of the page's table that have a query. Throws for one that cannot be read. */
export function alertsOf(page: string): Alert[] {
  const rows = page.split("\n").filter((line) => line.includes("](alerts/"));
  return rows.map((row) => {
    const [, name, number, over, fires, threshold, held, reason, runbook] = ROW.exec(row) ?? [];
    if (!name || !number || !over || !fires || !threshold || !reason || !runbook) {
      throw new Error(`not a row of alerts: ${row}`);
    }
    return {
      name,
      number,
      window: windowOf(over),
      fires: fires === "above" ? "above" : "below",
      threshold: Number(threshold.replaceAll(",", "")),
      heldMinutes: Number(held ?? 0),
      reason,
      runbook,
    };
  });
}

function windowOf(text: string): Window {
  const [, count, unit, dayBefore] = /^(\d+) (minute|hour|day)s?( and the same a day before)?$/.exec(text) ?? [];
  const minutes = Number(count) * (UNIT_MINUTES[unit ?? ""] ?? Number.NaN);
  if (Number.isNaN(minutes)) throw new Error(`not a window: ${text}`);
  return { minutes, isComparedWithDayBefore: dayBefore !== undefined };
}

/** How long ago the bounds of the window are, in minutes: the bounds that its query must have, and no others. */
export function boundsOf({ minutes, isComparedWithDayBefore }: Window): number[] {
  return isComparedWithDayBefore ? [minutes, DAY_MINUTES, DAY_MINUTES + minutes] : [minutes];
}

/** The same of a query. */
export function boundsIn(sql: string): number[] {
  const found = [...sql.matchAll(/timestamp <?>?=? NOW\(\) - INTERVAL '(\d+)' (MINUTE|HOUR|DAY)\b/g)];
  const minutes = found.map(([, count, unit = ""]) => Number(count) * (UNIT_MINUTES[unit.toLowerCase()] ?? Number.NaN));
  return [...new Set(minutes)].toSorted((a, b) => a - b);
}

/** A query without the comment above it. */
export const statementOf = (sql: string): string => sql.replace(/^--.*\n/, "").trimEnd();

/** The uid that the data source must have in Grafana: rules name theirs, they cannot ask for it as a dashboard does. */
const DATA_SOURCE = "analytics-engine";
const EXPRESSION = "__expr__";

/** A file for Grafana's folder provisioning/alerting, in JSON. */
export function alertRules(alerts: readonly Alert[], sqlOf: (alert: Alert) => string): string {
  const rules = alerts.map((alert) => ({
    uid: `mls-key-directory-${alert.name}`,
    title: alert.name,
    condition: "B",
    data: [query(alert, statementOf(sqlOf(alert))), threshold(alert)],
    // Nothing counted is nothing wrong: a quiet hour must wake nobody. A query that fails must.
    noDataState: "OK",
    execErrState: "Error",
    for: `${alert.heldMinutes}m`,
    annotations: { summary: alert.number, description: alert.reason, runbook: `docs/operate/${alert.runbook}.md` },
    labels: { service: "mls-key-directory" },
  }));
  const group = { orgId: 1, name: "mls-key-directory", folder: "MLS Key Directory", interval: "1m", rules };
  return `${JSON.stringify({ apiVersion: 1, groups: [group] }, null, 2)}\n`;
}

const query = ({ window }: Alert, sql: string) => ({
  refId: "A",
  // Grafana wants one; the window that counts is in the query.
  relativeTimeRange: { from: Math.max(...boundsOf(window)) * 60, to: 0 },
  datasourceUid: DATA_SOURCE,
  model: { refId: "A", format: "table", rawQuery: true, query: sql },
});

const threshold = ({ fires, threshold }: Alert) => ({
  refId: "B",
  relativeTimeRange: { from: 0, to: 0 },
  datasourceUid: EXPRESSION,
  model: {
    refId: "B",
    type: "threshold",
    expression: "A",
    conditions: [{ evaluator: { type: fires === "above" ? "gt" : "lt", params: [threshold] } }],
  },
});
