/**
 * `npm run bench [-- --json FILE] [--quick] [--only NAME,…]`: everything side by side in one run. Starts what it needs
 * on loopback and ends it. bench/README.md tells how each figure is made.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { FULL, type Plan, QUICK } from "./lib/plan.ts";
import { measurement, type Outcome, surroundings, table } from "./lib/report.ts";
import { versions } from "./lib/versions.ts";
import { measureBundle } from "./measures/bundle.ts";
import { measureClaims } from "./measures/claims.ts";
import { measurePublish } from "./measures/publish.ts";
import { measureStock } from "./measures/stock.ts";
import { measureValidation } from "./measures/validate.ts";

const MEASURES: Readonly<Record<string, (plan: Plan) => Promise<Outcome>>> = {
  validate: measureValidation,
  publish: measurePublish,
  claims: measureClaims,
  stock: measureStock,
  bundle: measureBundle,
};

await main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: "string" }, quick: { type: "boolean" }, only: { type: "string" } },
  });
  const only = values.only?.split(",") ?? Object.keys(MEASURES);
  const outcomes: Outcome[] = [];
  for (const name of only) {
    const measure = MEASURES[name];
    if (!measure) throw new Error(`--only takes ${Object.keys(MEASURES).join(", ")}, not ${name}`);
    console.error(`measuring: ${name}`);
    outcomes.push(await measure(values.quick ? QUICK : FULL));
  }
  const rows = outcomes.flatMap((outcome) => outcome.rows);
  console.log(`${surroundings(await versions())}\n\n${table(rows)}`);
  for (const note of outcomes.flatMap((outcome) => outcome.notes)) console.log(`\n${note}`);
  if (values.json) writeFileSync(values.json, `${JSON.stringify(rows.map(measurement), null, 2)}\n`);
}
