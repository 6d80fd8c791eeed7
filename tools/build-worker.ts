/**
 * `npm run worker -- FILE`: the Worker as one ES module, the same that `npm run serve` runs. A release keeps it, so that a
 * machine can run that release, and go back to it, and so that the next release is tested against it.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readOptions } from "./lib/args.ts";
import { SERVED_ENTRY } from "./lib/self-hosted/served-settings.ts";
import { bundle } from "./lib/worker-deployment.ts";

const file = readOptions("npm run worker -- FILE", () => {
  const { positionals } = parseArgs({ allowPositionals: true });
  if (positionals.length !== 1 || !positionals[0]) throw new Error("expected one file to write");
  return resolve(positionals[0]);
});
const script = bundle(SERVED_ENTRY);
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, script);
console.log(`${file}: ${Buffer.byteLength(script).toLocaleString("en")} bytes`);
