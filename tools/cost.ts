/**
 * `npm run cost [-- --json FILE] [--uploads N]`: what the directory costs. Runs the Worker in workerd on this machine,
 * counts rows, calls, CPU and bytes of each operation, and prices them (tools/lib/cost/prices.ts). docs/scale.md explains
 * the tables. Nothing that is printed was copied from an earlier run; CPU is that of this machine.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { natural, readOptions } from "./lib/args.ts";
import type { Scenarios } from "./lib/cost/metered-worker.ts";
import { monthOf } from "./lib/cost/month.ts";
import { measureOperations, type OperationsFigures } from "./lib/cost/operations.ts";
import { PRICES_READ_ON } from "./lib/cost/prices.ts";
import { usageOfOne, usagePerMillion } from "./lib/cost/pricing.ts";
import { rowsOf } from "./lib/cost/row-meter.ts";
import * as tables from "./lib/cost/tables.ts";
import { usdOf } from "./lib/cost/usage.ts";
import { startWorker } from "./lib/local-worker.ts";
import { NO_BUDGETS } from "./lib/no-budgets.ts";
import { newIssuer } from "./lib/tokens.ts";
import { bundle, readDeployment } from "./lib/worker-deployment.ts";

const USAGE = "npm run cost [-- --json FILE] [--uploads N (31 or more)]";
const MIN_UPLOADS = 31;
const SIZES = [1e6, 10e6, 100e6];

/** The rows that are promised (docs/scale.md). */
const PROMISED = [
  "publish_100",
  "replace_100",
  "claim_with_key",
  "claim_without_key",
  "claim_last_resort",
  "replay",
  "cleanup_100",
  "idle_user_per_day",
] as const;

type Run = Scenarios & { readonly figures: OperationsFigures };

await main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const { json, uploads } = readOptions(USAGE, () => {
    const { values } = parseArgs({ options: { json: { type: "string" }, uploads: { type: "string", default: "40" } } });
    return { json: values.json, uploads: Math.max(MIN_UPLOADS, natural("--uploads", values.uploads)) };
  });
  report(await measure(uploads), json);
}

async function measure(uploads: number): Promise<Run> {
  const issuer = await newIssuer();
  const worker = await startWorker({
    deployment: readDeployment(),
    script: bundle("tools/lib/cost/metered-worker.ts"),
    // Budgets would end the measured claims; what they write is in rows that are written anyway.
    variables: { ...issuer.settings, ...NO_BUDGETS },
  });
  const say = (text: string) => console.error(text);
  try {
    say("counting rows");
    const response = await fetch(`${worker.address}/cost/scenarios`);
    if (!response.ok) throw new Error(`the scenarios failed: ${await response.text()}`);
    const { rows, bytes } = (await response.json()) as Scenarios;
    const figures = await measureOperations({ address: worker.address, pid: worker.pid, issuer }, { uploads }, say);
    return checked({ rows, bytes, figures });
  } finally {
    await worker.stop();
  }
}

/** What was counted in a pool alone is what a request makes it write: otherwise one of the two counts is wrong. */
function checked(run: Run): Run {
  for (const name of ["claim_with_key", "claim_without_key", "claim_last_resort", "replay"] as const) {
    const [alone, requested] = [rowsOf(run.rows[name]), run.figures[name].rowsWritten];
    if (alone !== requested) throw new Error(`${name}: ${alone} rows in the pool, ${requested} by request`);
  }
  return run;
}

function report({ rows, bytes, figures }: Run, json: string | undefined): void {
  const one = usageOfOne(rows, bytes, figures);
  const perMillion = usagePerMillion(one, rows, figures);
  const months = SIZES.map((devices) => monthOf(devices, one));
  const sections = {
    "Rows written": tables.rowsTable(rows),
    "One operation over HTTP, on this machine": tables.operationsTable(figures),
    Bytes: tables.bytesTable(bytes),
    [`Prices, read on ${PRICES_READ_ON}`]: tables.pricesTable(),
    "USD per million, beyond what the plan includes": tables.perMillionTable(perMillion),
    "USD a month": tables.monthTable(months),
    "The busiest hour": tables.limitsTable(months, bytes.directoryPerClient),
  };
  console.log(
    Object.entries(sections)
      .map(([title, text]) => `## ${title}\n\n${text}`)
      .join("\n\n"),
  );
  if (json === undefined) return;
  const document = {
    rows: Object.fromEntries(PROMISED.map((name) => [name, rowsOf(rows[name])])),
    usd_per_million: Object.fromEntries(Object.entries(perMillion).map(([name, usage]) => [name, usdOf(usage)])),
    usd_per_month: Object.fromEntries(months.map(({ devices, bill }) => [`${devices}_devices`, bill.usd])),
    all_rows: rows,
    operations: figures,
    bytes,
    prices_read_on: PRICES_READ_ON,
  };
  writeFileSync(json, `${JSON.stringify(document, null, 2)}\n`);
}
