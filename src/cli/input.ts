/** Packages and other messages from files and standard input, in whatever form they come. */
import { createReadStream } from "node:fs";
import { splitMlsMessages } from "../mls/index.ts";
import { type CommandIo, UsageError } from "./command.ts";

/** Something that was found in the input, or what stands where something should be. */
export type Item = { readonly where: string } & (
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly problem: string }
);

/** More than any list of packages: what is given by mistake does not fill the memory. */
const MAX_INPUT_BYTES = 256 * 1024 * 1024;
/** Lengths at which xxd, openssl and base64 wrap their lines. No package is that short. */
const WRAPPED_AT = [60, 64, 76];

/**
 * All that is in these files, file by file; `-`, and no file at all, is standard input. Hex, base64 or base64url, one on a
 * line or one wrapped over all lines; PEM; or binary, MLSMessages one after the other. Blank lines are nothing.
 */
export async function* readItems(files: readonly string[], io: CommandIo): AsyncGenerator<Item> {
  const sources = files.length === 0 ? ["-"] : files;
  if (sources.filter((file) => file === "-").length > 1) throw new UsageError("standard input (-) is given twice");
  for (const file of sources) yield* itemsOf(await readAll(file, io), file === "-" ? "standard input" : file);
}

/** A file that cannot be read, for whatever reason and however far it was read, is wrong usage. */
async function readAll(file: string, io: CommandIo): Promise<Uint8Array> {
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

/** Exported for its table of cases. */
export function itemsOf(bytes: Uint8Array, source: string): Item[] {
  // Every struct begins with the version, 0x0001, and no text with a zero byte.
  if (bytes[0] === 0) return binaryItems(bytes, source);
  const text = new TextDecoder().decode(bytes);
  if (text.includes("-----BEGIN ")) return pemItems(text, source);
  const lines = text.split("\n").flatMap((line, index) => {
    const trimmed = line.trim();
    return trimmed === "" ? [] : [{ text: trimmed, where: `${source}, line ${index + 1}` }];
  });
  if (isWrapped(lines.map((line) => line.text))) {
    return [textItem(lines.map((line) => line.text).join(""), source)];
  }
  return lines.map(({ text, where }) => textItem(text, where));
}

function binaryItems(bytes: Uint8Array, source: string): Item[] {
  const split = splitMlsMessages(bytes);
  // What is not a list of packages is one thing: a bare package, or another message.
  const messages = split.ok ? split.value : [bytes];
  return messages.map((message, index) => ({
    where: messages.length === 1 ? source : `${source}, message ${index + 1}`,
    ok: true,
    bytes: message,
  }));
}

function pemItems(text: string, source: string): Item[] {
  const blocks = text.split(/^-----BEGIN /m).slice(1);
  return blocks.map((block, index): Item => {
    const where = `${source}, block ${index + 1}`;
    const match = /^([^\n-]*)-----\s*\n([\s\S]*?)^-----END ([^\n-]*)-----/m.exec(block);
    if (match === null) return { where, ok: false, problem: "the PEM block has no -----END line" };
    const [, label, body = "", endLabel] = match;
    if (label !== endLabel)
      return { where, ok: false, problem: `the PEM block begins "${label}" and ends "${endLabel}"` };
    return textItem(body.replaceAll(/\s/g, ""), where);
  });
}

function isWrapped(lines: readonly string[]): boolean {
  const [first = "", ...rest] = lines;
  const last = rest.at(-1);
  if (last === undefined || !WRAPPED_AT.includes(first.length) || last.length > first.length) return false;
  return rest.slice(0, -1).every((line) => line.length === first.length);
}

function textItem(text: string, where: string): Item {
  const bytes = fromHex(text) ?? fromBase64(text);
  return bytes === undefined
    ? { where, ok: false, problem: "neither hex nor base64 nor base64url" }
    : { where, ok: true, bytes };
}

function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]+$/.test(text)) return undefined;
  return new Uint8Array(Buffer.from(text, "hex"));
}

/** Either alphabet, with padding or without; Buffer skips what it cannot read, so it must come back the same. */
function fromBase64(text: string): Uint8Array | undefined {
  const bare = text.replace(/={1,2}$/, "");
  if (bare !== text && text.length % 4 !== 0) return undefined;
  const encoding = /[+/]/.test(bare) ? "base64" : "base64url";
  const bytes = Buffer.from(bare, encoding);
  return bytes.toString(encoding).replace(/=+$/, "") === bare && bytes.length > 0 ? new Uint8Array(bytes) : undefined;
}
