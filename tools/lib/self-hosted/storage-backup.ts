/**
 * Backup and restore of a self-hosted directory's storage: databases of SQLite, one for each user, one for the directory.
 * Each is copied as it is at one moment, while the directory goes on. They need not be of the same moment: a user's pool
 * is the only truth about that user, and the directory is made anew from the pools.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { lockFolder } from "../folder-lock.ts";
import { storageOf, writeRestoredAt } from "./state.ts";

/** What miniflare keeps that must not be lost: pools and D1. The rest is a cache. */
const KEPT = [join("v3", "do"), join("v3", "d1")];
const MANIFEST = "backup.json";
const FORMAT = 1;

export type Manifest = {
  readonly format: number;
  /** When the last database had been copied, in unix seconds. */
  readonly made_at: number;
  readonly databases: number;
};

/** Copies the storage of a directory, which may be in use, into a new folder. Nothing is left of one that fails. */
export async function makeBackup(state: string, to: string, nowSeconds: () => number): Promise<Manifest> {
  const storage = storageOf(state);
  if (existsSync(to)) throw new Error(`${to} exists already; name a new folder`);
  const files = KEPT.filter((folder) => existsSync(join(storage, folder))).flatMap((folder) =>
    databasesIn(storage, folder),
  );
  if (files.length === 0) throw new Error(`${state} holds no directory`);
  const part = `${to}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true, mode: 0o700 });
  try {
    for (const file of files) await copyDatabase(join(storage, file), join(part, file));
    const manifest: Manifest = { format: FORMAT, made_at: nowSeconds(), databases: files.length };
    writeFileSync(join(part, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    renameSync(part, to);
    return manifest;
  } catch (cause) {
    rmSync(part, { recursive: true, force: true });
    throw cause;
  }
}

/**
 * Makes a copy the storage of a directory that has none, and notes when: what the copy holds in stock is void from then
 * on. Returns that time.
 */
export function restoreBackup(from: string, state: string, nowSeconds: number): number {
  const manifest = readManifest(from);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  if (!lockFolder(state, 0)) throw new Error(`${state} is in use by a directory: stop it first`);
  const storage = storageOf(state);
  if (existsSync(storage)) throw new Error(`${storage} exists already; move it away, or name a new folder`);
  const part = `${storage}.part`;
  rmSync(part, { recursive: true, force: true });
  for (const folder of KEPT) {
    if (existsSync(join(from, folder))) cpSync(join(from, folder), join(part, folder), { recursive: true });
  }
  const found = KEPT.filter((folder) => existsSync(join(part, folder))).flatMap((folder) => databasesIn(part, folder));
  if (found.length !== manifest.databases) {
    rmSync(part, { recursive: true, force: true });
    throw new Error(`${from} should hold ${manifest.databases} databases, but holds ${found.length}`);
  }
  // A clock that is behind that of the machine of the copy must not leave anything of it in force.
  const at = Math.max(nowSeconds, manifest.made_at + 1);
  // First: a storage without that note would hand out again what the copy has.
  writeRestoredAt(state, at);
  renameSync(part, storage);
  return at;
}

function readManifest(from: string): Manifest {
  const file = join(from, MANIFEST);
  if (!existsSync(file)) throw new Error(`${from} is not a whole backup: it has no ${MANIFEST}`);
  const manifest = JSON.parse(readFileSync(file, "utf8")) as Manifest;
  if (manifest.format !== FORMAT) throw new Error(`${file} is of format ${manifest.format}, expected ${FORMAT}`);
  return manifest;
}

/** Paths below `root` of the databases in one of its folders. */
function databasesIn(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".sqlite"))
    .map((name) => [folder, name].join(sep))
    .toSorted();
}

/** One that is written meanwhile is copied as it was at one moment; a copy that is not sound is none. */
async function copyDatabase(file: string, to: string): Promise<void> {
  mkdirSync(dirname(to), { recursive: true });
  const source = new DatabaseSync(file, { readOnly: true });
  try {
    await backup(source, to);
  } finally {
    source.close();
  }
  const copy = new DatabaseSync(to);
  try {
    // As one file, without those that SQLite keeps beside a database.
    copy.exec("PRAGMA journal_mode = DELETE");
    const [row] = copy.prepare("PRAGMA quick_check(1)").all();
    if (row?.quick_check !== "ok") throw new Error(`${file} could not be copied: ${String(row?.quick_check)}`);
  } finally {
    copy.close();
  }
}
