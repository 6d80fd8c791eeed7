/** One process to a folder: a second one would write to the same databases and break them. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const BUSY = 5;

/** Kept here so that no lock is given back by the garbage collector. */
const held: DatabaseSync[] = [];

/**
 * Keeps the folder until this process ends, in whatever way it ends: the lock is the operating system's, so none is left
 * behind. False if another process has it and does not give it back within `waitMs`.
 */
export function lockFolder(folder: string, waitMs: number): boolean {
  const lock = new DatabaseSync(join(folder, "lock.sqlite"), { timeout: waitMs });
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    if (cause instanceof Error && "errcode" in cause && cause.errcode === BUSY) return false;
    throw cause;
  }
  held.push(lock);
  return true;
}
