/** Writes src/http/openapi/openapi.json from the schemas; with --check it only says whether the file is fresh. Run by npm. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describeApi } from "../src/http/openapi/describe.ts";
import { DESCRIBED_OPERATIONS } from "../src/http/openapi/described-operations.ts";

const FILE = "src/http/openapi/openapi.json";

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const text = `${JSON.stringify(describeApi(manifest.version, DESCRIBED_OPERATIONS), null, 2)}\n`;

if (!process.argv.includes("--check")) {
  writeFileSync(FILE, text);
} else if (!existsSync(FILE) || readFileSync(FILE, "utf8") !== text) {
  console.error(`${FILE} is stale: run npm run generate`);
  process.exitCode = 1;
}
