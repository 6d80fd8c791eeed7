/** The folder of a self-hosted directory: its storage, its lock, and when it was restored. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where serve-worker.ts keeps what workerd stores, below the state folder. */
export const storageOf = (state: string): string => join(state, "storage");

const restoredAtOf = (state: string): string => join(state, "restored-at");

/**
 * When the storage was last restored, in unix seconds; 0 for never. What was stored before is void: it may have been handed
 * out after the copy was made. Throws if it cannot be read, as 0 would hand it out again.
 */
export function readRestoredAt(state: string): number {
  const file = restoredAtOf(state);
  if (!existsSync(file)) return 0;
  const text = readFileSync(file, "utf8").trim();
  if (!/^[0-9]{1,12}$/.test(text)) throw new Error(`${file} must hold a time in unix seconds`);
  return Number(text);
}

export function writeRestoredAt(state: string, at: number): void {
  writeFileSync(restoredAtOf(state), `${at}\n`);
}
