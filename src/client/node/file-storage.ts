/** Storage in one file, for Node, Deno and Bun: command line tools, bots, tests. One process at a time. */
import { chmod, mkdir, open, readFile, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { asDirectoryError, DirectoryError } from "../directory-error.ts";
import type { Storage } from "../storage/storage.ts";

const OWNER_ONLY = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/**
 * Opens the file, and keeps other processes out until `close`. Each write puts a whole new file in the place of the old
 * one, flushed to the disk before: after a power cut there is the one or the other.
 */
export async function fileStorage(path: string): Promise<Storage & { readonly close: () => Promise<void> }> {
  const lock = `${path}.lock`;
  await mkdir(dirname(path), { recursive: true, mode: OWNER_ONLY_FOLDER });
  await takeLock(lock);
  let values: ReadonlyMap<string, string>;
  try {
    values = await read(path);
  } catch (cause) {
    await unlink(lock);
    throw cause;
  }
  // Writes in turn: each is made of the one before.
  let last: Promise<unknown> = Promise.resolve();
  return {
    get: async (key) => values.get(key),
    list: async (prefix) => new Map([...values].filter(([key]) => key.startsWith(prefix))),
    write: (changes) => {
      const turn = last.then(async () => {
        const next = new Map(values);
        for (const [key, value] of changes) {
          if (value === undefined) next.delete(key);
          else next.set(key, value);
        }
        await replaceFile(path, JSON.stringify(Object.fromEntries(next)));
        values = next;
      });
      last = turn.catch(() => undefined);
      return turn;
    },
    close: async () => {
      await last;
      await unlink(lock);
    },
  };
}

async function read(path: string): Promise<ReadonlyMap<string, string>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return new Map();
    throw asDirectoryError(cause, "storage_failed", "the file could not be read");
  }
  try {
    return new Map(Object.entries(JSON.parse(text) as Record<string, string>));
  } catch (cause) {
    // An empty start would prune a whole stock: it is for a person to say so, by moving the file away.
    throw asDirectoryError(cause, "storage_failed", `expected ${path} to be a file of this storage`);
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", OWNER_ONLY);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(temporary, OWNER_ONLY);
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** The new name is on the disk only when its folder is; where a folder cannot be opened, the system sees to it itself. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The lock is a file with the number of the process. One whose process has ended is taken over. */
async function takeLock(lock: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const file = await open(lock, "wx", OWNER_ONLY);
      await file.writeFile(String(process.pid));
      await file.close();
      return;
    } catch (cause) {
      if (!isCode(cause, "EEXIST") || attempt > 2) {
        throw asDirectoryError(cause, "storage_failed", "the lock could not be taken");
      }
    }
    const owner = await readFile(lock, "utf8");
    // An empty one is being written at this moment.
    if (owner === "" || isAlive(Number(owner))) {
      const detail = `expected to be alone, but process ${owner || "unknown"} uses the file; if none does, delete ${lock}`;
      throw new DirectoryError({ code: "storage_failed", detail });
    }
    await removeStale(lock, owner);
  }
}

/** Moved away before it is looked at again: another process may have taken it over in between. */
async function removeStale(lock: string, owner: string): Promise<void> {
  const moved = `${lock}.${process.pid}`;
  await rename(lock, moved);
  if ((await readFile(moved, "utf8")) !== owner) {
    await rename(moved, lock);
    throw new DirectoryError({ code: "storage_failed", detail: "another process has just opened the file" });
  }
  await unlink(moved);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return !isCode(cause, "ESRCH");
  }
}

const isCode = (cause: unknown, code: string): boolean => (cause as NodeJS.ErrnoException).code === code;
