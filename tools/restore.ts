/** `npm run restore -- --from FOLDER [--state FOLDER]`: makes a backup the storage of a directory that is not running. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { unixSeconds } from "../src/shared/time.ts";
import { readOptions } from "./lib/args.ts";
import { restoreBackup } from "./lib/self-hosted/storage-backup.ts";

const { from, state } = readOptions("npm run restore -- --from FOLDER [--state FOLDER]", () => {
  const { values } = parseArgs({ options: { from: { type: "string" }, state: { type: "string" } } });
  if (!values.from) throw new Error("--from must name a folder that npm run backup has made");
  return { from: resolve(values.from), state: resolve(values.state ?? process.env.STATE_DIR ?? "data") };
});

try {
  const at = restoreBackup(from, state, unixSeconds(Date.now()));
  console.log(`${state} is restored. The restore epoch is ${at}: clients upload anew, as nothing older is handed out.`);
} catch (cause) {
  console.error(cause instanceof Error ? cause.message : String(cause));
  process.exitCode = 1;
}
