/**
 * Writes docs/operate/alert-rules.json, the alerts as Grafana is provisioned with them, from the table in
 * docs/operate/metrics.md and the queries in docs/operate/alerts. With --check it only says whether the file is fresh.
 * Run by npm.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { alertRules, alertsOf } from "./lib/alert-rules.ts";

const OPERATE = resolve(import.meta.dirname, "../docs/operate");
const FILE = join(OPERATE, "alert-rules.json");

const alerts = alertsOf(readFileSync(join(OPERATE, "metrics.md"), "utf8"));
const text = alertRules(alerts, ({ name }) => readFileSync(join(OPERATE, "alerts", `${name}.sql`), "utf8"));
if (!process.argv.includes("--check")) {
  writeFileSync(FILE, text);
} else if (!existsSync(FILE) || readFileSync(FILE, "utf8") !== text) {
  console.error("docs/operate/alert-rules.json is stale: run npm run generate");
  process.exitCode = 1;
}
