/**
 * `npm run bench [-- --json FILE] [--quick] [--only NAME,…]`: everything side by side in one run. Starts what it needs
 * on loopback and ends it. A whole run, neither quick nor partial, becomes bench/results.md. bench/README.md tells how
 * each figure is made.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readOptions } from "../tools/lib/args.ts";
import { FULL, type Plan, QUICK } from "./lib/bench-plan.ts";
import { endOnSignals } from "./lib/ending.ts";
import { measurement, type Outcome, surroundings, table } from "./lib/report.ts";
import { versions } from "./lib/versions.ts";
import { measureBundle } from "./measures/measure-bundle.ts";
import { measureClaims } from "./measures/measure-claims.ts";
import { measureColdPools } from "./measures/measure-cold.ts";
import { measureMemory } from "./measures/measure-memory.ts";
import { measurePublish } from "./measures/measure-publish.ts";
import { measureReceipts } from "./measures/measure-receipts.ts";
import { measureSelfHosted } from "./measures/measure-self-hosted.ts";
import { measureStock } from "./measures/measure-stock.ts";
import { measureValidation } from "./measures/measure-validate.ts";

const MEASURES: Readonly<Record<string, (plan: Plan) => Promise<Outcome>>> = {
  validate: measureValidation,
  publish: measurePublish,
  claims: measureClaims,
  cold: measureColdPools,
  stock: measureStock,
  receipts: measureReceipts,
  memory: measureMemory,
  "self-hosted": measureSelfHosted,
  bundle: measureBundle,
};

const USAGE = "npm run bench [-- --quick] [--only NAME,…] [--json FILE]";

endOnSignals();
await main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const { values, measures } = readOptions(USAGE, read);
  const outcomes: Outcome[] = [];
  for (const { name, measure } of measures) {
    console.error(`measuring: ${name}`);
    const outcome = await measure(values.quick ? QUICK : FULL);
    outcomes.push(outcome);
    // A later measure may fail, or the run be aborted: what was found by then is not lost.
    console.error(table(outcome.rows));
  }
  const rows = outcomes.flatMap((outcome) => outcome.rows);
  const notes = outcomes.flatMap((outcome) => outcome.notes);
  const report = [surroundings(await versions()), table(rows), ...notes].join("\n\n");
  console.log(report);
  const isWhole = !values.quick && values.only === undefined;
  if (isWhole) writeFileSync(join(import.meta.dirname, "results.md"), resultsOf(report));
  if (values.json) writeFileSync(values.json, `${JSON.stringify(rows.map(measurement), null, 2)}\n`);
}

function read() {
  const { values } = parseArgs({
    options: { json: { type: "string" }, quick: { type: "boolean" }, only: { type: "string" } },
  });
  const names = values.only?.split(",") ?? Object.keys(MEASURES);
  const measures = names.map((name) => {
    const measure = MEASURES[name];
    if (!measure) throw new Error(`--only takes ${Object.keys(MEASURES).join(", ")}, not ${name}`);
    return { name, measure };
  });
  return { values, measures };
}

function resultsOf(report: string): string {
  const day = new Date().toISOString().slice(0, 10);
  return `# Latest results\n\nWritten by \`npm run bench\` on ${day}; README.md tells how each figure is made. Medians, with the\nleast and the greatest round in brackets; a ratio above 1 means that ours is better.\n\n${report}\n`;
}
