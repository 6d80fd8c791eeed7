/** The tables that `npm run cost` prints. */
import { table } from "../table.ts";
import { type Month, peakPerSecond } from "./month.ts";
import type { OperationsFigures } from "./operations.ts";
import { LIMITS, PRICES } from "./prices.ts";
import { rowsOf } from "./row-meter.ts";
import type { Footprint, Measured } from "./row-scenarios.ts";
import { UNITS, type Usage, usdByUnit, usdOf } from "./usage.ts";

export function rowsTable(rows: Measured): string {
  return table(
    ["", "object", "alarms", "D1", "rows", "rows read"],
    Object.entries(rows).map(([name, counted]) => [
      name,
      counted.poolRows,
      counted.alarms,
      counted.directoryRows,
      rowsOf(counted),
      counted.rowsRead,
    ]),
  );
}

export function operationsTable(figures: OperationsFigures): string {
  return table(
    ["", "times", "pool calls", "alarms", "writes to D1", "CPU of workerd, ms", "latency, ms"],
    Object.entries(figures).map(([name, figure]) => [
      name,
      figure.operations,
      figure.poolCalls.toFixed(1),
      figure.alarmsRung.toFixed(1),
      figure.directoryBatches.toFixed(1),
      figure.cpuMs.toFixed(2),
      figure.latencyMs.toFixed(1),
    ]),
  );
}

export function bytesTable(bytes: Footprint): string {
  return table(
    ["", "bytes"],
    [
      ["pool of one registered client", bytes.poolRegistered],
      ["… with 100 packages of 330 bytes", bytes.poolWith100],
      ["… with 200", bytes.poolWith200],
      ["… with 100, all claimed with keys", bytes.poolWith100Claims],
      ["one more package, in its pool", Math.round((bytes.poolWith200 - bytes.poolWith100) / 100)],
      ["one more client, in D1", Math.round(bytes.directoryPerClient)],
    ],
  );
}

export function pricesTable(): string {
  return table(
    ["", "USD", "per", "included a month", "source"],
    UNITS.map((unit) => {
      const { usd, per, included, source } = PRICES[unit];
      return [unit, usd, per, included, source];
    }),
  );
}

const usd = (amount: number): string => (amount < 100 ? amount.toFixed(2) : Math.round(amount).toLocaleString("en"));

export function perMillionTable(perMillion: Readonly<Record<string, Usage>>): string {
  return table(
    ["", "rows", "requests", "CPU", "logs", "storage", "USD"],
    Object.entries(perMillion).map(([name, usage]) => [name, ...parts(usdByUnit(usage)), usd(usdOf(usage))]),
  );
}

/** A sum of money in the parts that a reader can do something about. */
function parts(cost: Usage): string[] {
  const of = (...units: (keyof Usage)[]) => usd(units.reduce((all, unit) => all + (cost[unit] ?? 0), 0));
  return [
    of("objectRowsWritten", "directoryRowsWritten", "objectRowsRead", "directoryRowsRead"),
    of("workerRequests", "objectRequests", "objectGbSeconds"),
    of("workerCpuMs"),
    of("logLines"),
    of("objectGbMonths", "directoryGbMonths"),
  ];
}

export function monthTable(months: readonly Month[]): string {
  return table(
    ["devices", "rows", "requests", "CPU", "logs", "storage", "USD a month", "USD per 1,000 devices"],
    months.map(({ devices, bill }) => [
      devices.toLocaleString("en"),
      ...parts(bill.byUnit),
      usd(bill.usd),
      ((bill.usd * 1000) / devices).toFixed(2),
    ]),
  );
}

/** The databases that the directory needs, by what it writes in the busiest hour and by size. */
export function limitsTable(months: readonly Month[], directoryPerClient: number): string {
  return table(
    [
      "devices",
      "requests/s",
      "claims/s",
      "writes to D1/s",
      "D1 busy",
      "databases for writes",
      "databases for size",
      "of D1's account limit",
      "isolates awake",
      "writes of operators' records/s",
    ],
    months.map(({ devices, counts }) => {
      const { claims, requests, directoryWrites, isolateMinutes } = counts;
      const writes = peakPerSecond(directoryWrites);
      const busy = (writes * LIMITS.directoryWriteMs) / 1000;
      const size = devices * directoryPerClient;
      return [
        devices.toLocaleString("en"),
        peakPerSecond(requests).toFixed(0),
        peakPerSecond(claims).toFixed(0),
        writes.toFixed(1),
        `${(busy * 100).toFixed(1)} %`,
        Math.ceil(busy / LIMITS.directoryUtilisation),
        Math.ceil(size / LIMITS.directoryBytes),
        `${((100 * size) / LIMITS.directoryAccountBytes).toFixed(1)} %`,
        (60 * peakPerSecond(isolateMinutes)).toFixed(0),
        peakPerSecond(isolateMinutes).toFixed(1),
      ];
    }),
  );
}
