/**
 * Tools that only one step needs: they have a package.json and a lock of their own, so that `npm ci` of the project stays
 * small.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Installs what the folder's lock says, unless that is there already. */
export function installPinned(folder: string): void {
  const lock = createHash("sha256")
    .update(readFileSync(join(folder, "package-lock.json")))
    .digest("hex");
  const installed = join(folder, "node_modules", ".installed-lock");
  if (existsSync(installed) && readFileSync(installed, "utf8") === lock) return;
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--prefer-offline"], {
    cwd: folder,
    stdio: "inherit",
  });
  if (status !== 0) throw new Error(`the tools of ${folder} could not be installed`);
  writeFileSync(installed, lock);
}
