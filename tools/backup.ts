/** `npm run backup -- --to FOLDER [--state FOLDER]`: a copy of a self-hosted directory, which may go on meanwhile. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { unixSeconds } from "../src/shared/time.ts";
import { readOptions } from "./lib/args.ts";
import { makeBackup } from "./lib/self-hosted/storage-backup.ts";

const { to, state } = readOptions("npm run backup -- --to FOLDER [--state FOLDER]", () => {
  const { values } = parseArgs({ options: { to: { type: "string" }, state: { type: "string" } } });
  if (!values.to) throw new Error("--to must name a new folder");
  return { to: resolve(values.to), state: resolve(values.state ?? process.env.STATE_DIR ?? "data") };
});

try {
  const { databases } = await makeBackup(state, to, () => unixSeconds(Date.now()));
  console.log(`${to}: ${databases} databases`);
} catch (cause) {
  console.error(cause instanceof Error ? cause.message : String(cause));
  process.exitCode = 1;
}
