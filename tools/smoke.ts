/** `npm run smoke -- --url URL`: whether a directory serves. Writes nothing there. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { pause } from "../src/shared/pause.ts";
import { readOptions } from "./lib/args.ts";
import { smoke, smokePassed, smokeReport } from "./lib/deploy/smoke-test.ts";

const USAGE = "npm run smoke -- --url URL [--claim-token-file FILE]";

const { url, claimToken } = readOptions(USAGE, () => {
  const { values } = parseArgs({ options: { url: { type: "string" }, "claim-token-file": { type: "string" } } });
  const file = values["claim-token-file"];
  if (values.url === undefined || !URL.canParse(values.url))
    throw new Error("--url must be the address of a directory");
  return { url: values.url, claimToken: file && readFileSync(file, "utf8").trim() };
});

const checks = await smoke({ url, claimToken, stranger: `smoke-${crypto.randomUUID()}` }, { fetch, pause });
console.log(smokeReport(checks));
process.exitCode = smokePassed(checks) ? 0 : 1;
