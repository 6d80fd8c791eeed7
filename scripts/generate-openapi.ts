/** Writes src/http/openapi.json from the schemas; with --check it only says whether the file is fresh. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describeApi } from "../src/http/openapi/describe.ts";

const FILE = "src/http/openapi.json";

const file = new URL(`../${FILE}`, import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
const text = `${JSON.stringify(describeApi(manifest.version), null, 2)}\n`;

if (!process.argv.includes("--check")) {
  writeFileSync(file, text);
} else if (!existsSync(file) || readFileSync(file, "utf8") !== text) {
  console.error(`${FILE} is stale: run node scripts/generate-openapi.ts`);
  process.exitCode = 1;
}
