import { createReadStream, statSync } from "node:fs";
import { createInterface } from "node:readline";
import { type CommandIo, UsageError } from "./command.ts";

/** The bytes that a line writes in hex or in base64url without padding, or undefined. */
export function parseLine(line: string): Uint8Array | undefined {
  const text = line.trim();
  if (text === "") return undefined;
  if (text.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(text)) return new Uint8Array(Buffer.from(text, "hex"));
  const bytes = Buffer.from(text, "base64url");
  // Buffer skips what it cannot read: only what comes back the same was base64url.
  return bytes.toString("base64url") === text ? new Uint8Array(bytes) : undefined;
}

/** The lines of all files in order, `-` and no file being standard input. An unreadable file is wrong usage. */
export async function* readLines(files: readonly string[], io: CommandIo): AsyncGenerator<string> {
  for (const file of files.length === 0 ? ["-"] : files) {
    if (file === "-") {
      yield* io.stdin();
      continue;
    }
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) throw new UsageError(`cannot read ${file}: a folder`);
    const stream = createReadStream(file, "utf8");
    const failed = new Promise<never>((_, reject) => {
      stream.once("error", (cause) => reject(new UsageError(`cannot read ${file}: ${cause.message}`)));
    });
    const opened = new Promise<void>((resolve) => stream.once("ready", () => resolve()));
    await Promise.race([opened, failed]);
    yield* createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  }
}
