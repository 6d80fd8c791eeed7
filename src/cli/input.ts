/** Packages and other messages from files and standard input. */
import { createReadStream } from "node:fs";
import { type Item, itemsOf } from "../inspect/items.ts";
import { type CommandIo, UsageError } from "./command.ts";

/** More than any list of packages: what is given by mistake does not fill the memory. */
const MAX_INPUT_BYTES = 256 * 1024 * 1024;

/** All that is in these files, file by file; `-`, and no file at all, is standard input. */
export async function* readItems(files: readonly string[], io: CommandIo): AsyncGenerator<Item> {
  const sources = files.length === 0 ? ["-"] : files;
  if (sources.filter((file) => file === "-").length > 1) throw new UsageError("standard input (-) is given twice");
  for (const file of sources) yield* itemsOf(await readAll(file, io), file === "-" ? "standard input" : file);
}

/** A file, or standard input for `-`. What cannot be read, for whatever reason and however far it was, is wrong usage. */
export async function readAll(file: string, io: CommandIo): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of file === "-" ? io.stdin() : createReadStream(file)) {
      chunks.push(chunk as Uint8Array);
      bytes += (chunk as Uint8Array).length;
      if (bytes > MAX_INPUT_BYTES) throw new Error(`it has more than ${MAX_INPUT_BYTES} bytes`);
    }
  } catch (cause) {
    throw new UsageError(`cannot read ${file}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  // No Buffer: what is cut from one is a view of it where a copy is expected.
  return new Uint8Array(Buffer.concat(chunks));
}
