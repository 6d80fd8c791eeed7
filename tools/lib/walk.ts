/**
 * Goes through many things once, several at a time and at a bounded rate, and remembers in a file how far it came: it
 * may be killed at any time, and goes on from there. What was under way then is done twice.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { pause } from "../../src/shared/pause.ts";

export type WalkOptions = {
  /** In an order that stays the same from run to run. */
  readonly ids: () => AsyncIterable<string>;
  /** Whether it is done; one that is not is left for the next run. Throws to end the walk. */
  readonly visit: (id: string) => Promise<boolean>;
  readonly concurrency: number;
  readonly perSecond: number;
  /** Where it is remembered how far the walk came. */
  readonly resume: string;
  /** Hears of each visit. */
  readonly told: (progress: Progress) => void;
};

export type Progress = {
  /** Done by this run and those before. */
  readonly done: number;
  /** To be visited again by the next run. */
  readonly again: number;
};

/** The first `position` ids are done, but for those in `again`. */
type Remembered = { readonly position: number; readonly again: readonly string[] };

const SAVE_EVERY_MS = 1_000;
/** After so many in a row that were not done, something else is wrong. */
const MAX_FAILURES_IN_A_ROW = 50;

/** Returns what was done and what was not. */
export async function walk(options: WalkOptions): Promise<Progress> {
  const before = remembered(options.resume);
  const again = new Set<string>();
  /** Of ids that are under way, or done although one before them is not. */
  const finished = new Set<number>();
  let position = before.position;
  let inARow = 0;
  let savedAtMs = Date.now();
  const left = new Set(before.again);
  const progress = (): Progress => ({
    done: position + finished.size - again.size - left.size,
    again: again.size + left.size,
  });
  const save = () => {
    savedAtMs = Date.now();
    remember(options.resume, { position, again: [...left, ...again] });
  };
  const visit = async (id: string): Promise<void> => {
    const isDone = await options.visit(id);
    inARow = isDone ? 0 : inARow + 1;
    if (!isDone) again.add(id);
    if (inARow >= MAX_FAILURES_IN_A_ROW) throw new Error(`${inARow} in a row could not be done`);
  };
  const queue = places(options, before);
  const slot = slots(options.perSecond);
  let failure: { readonly cause: unknown } | undefined;
  const worker = async (): Promise<void> => {
    for await (const { id, place } of queue) {
      if (failure) return;
      await slot();
      await visit(id);
      if (place === undefined) left.delete(id);
      else finished.add(place);
      while (finished.delete(position)) position += 1;
      if (Date.now() - savedAtMs >= SAVE_EVERY_MS) save();
      options.told(progress());
    }
  };
  const workers = Array.from({ length: options.concurrency }, () =>
    worker().catch((cause: unknown) => {
      failure ??= { cause };
    }),
  );
  await Promise.all(workers);
  save();
  if (failure) throw failure.cause;
  return progress();
}

/** What an earlier run left over, and then the ids from where it came to. One iterator, shared by all workers. */
async function* places(
  { ids }: WalkOptions,
  { position, again }: Remembered,
): AsyncGenerator<{ readonly id: string; readonly place: number | undefined }> {
  for (const id of again) yield { id, place: undefined };
  let place = 0;
  for await (const id of ids()) {
    if (place >= position) yield { id, place };
    place += 1;
  }
}

/** Each call resolves when it may begin. */
function slots(perSecond: number): () => Promise<void> {
  let nextMs = Date.now();
  return async () => {
    const nowMs = Date.now();
    const atMs = Math.max(nextMs, nowMs);
    nextMs = atMs + 1000 / perSecond;
    if (atMs > nowMs) await pause(atMs - nowMs);
  };
}

function remembered(file: string): Remembered {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Remembered) : { position: 0, again: [] };
}

function remember(file: string, state: Remembered): void {
  writeFileSync(`${file}.part`, JSON.stringify(state));
  renameSync(`${file}.part`, file);
}
