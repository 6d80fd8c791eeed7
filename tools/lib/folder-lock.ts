/** One process to a folder: a second one would write to the same databases and break them. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** A process that is ending gives its folder back within this time. */
const WAIT_MS = 2_000;
const BUSY = 5;

/** Kept here so that no lock is given back by the garbage collector. */
const held: DatabaseSync[] = [];

/**
 * Keeps the folder until this process ends, in whatever way it ends: the lock is the operating system's, so none is left
 * behind. Throws if another process has it.
 */
export function lockFolder(folder: string): void {
  const lock = new DatabaseSync(join(folder, "lock.sqlite"), { timeout: WAIT_MS });
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    if (cause instanceof Error && "errcode" in cause && cause.errcode === BUSY) {
      throw new Error(`${folder} is in use by another directory`);
    }
    throw cause;
  }
  held.push(lock);
}
