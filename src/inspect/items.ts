/** Packages and other messages in whatever form they come. */
import { splitMlsMessages } from "../mls/key-package/mls-message.ts";
import { readDump } from "./dump.ts";
import { fromHex } from "./hex.ts";

/** Something that was found in the input, or what stands where something should be. */
export type Item = { readonly where: string } & (
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly problem: string }
);

/** Lengths of lines that are folded. A dump has that much on a line; no package is that short, whoever wrote it. */
const FOLDED = { least: 20, most: 256 } as const;

/**
 * Hex (also with `0x` before it or before each byte, and spaces, colons or commas between bytes), base64 or base64url, one
 * per line, several on a line, or one folded over lines, each also within quotes; a dump; PEM; JSON as the directory takes
 * and gives it, also an object for each line; or binary. MLSMessages may follow each other in each of them. Blank lines are
 * nothing, but that a new thing may begin behind them. `source` is where it comes from, for people.
 */
export function itemsOf(bytes: Uint8Array, source: string): Item[] {
  // Every struct begins with the version, 0x0001, and no text with a zero byte.
  if (bytes[0] === 0) return binaryItems(bytes, source);
  const text = new TextDecoder().decode(bytes);
  const json = fromJson(text);
  if (json !== undefined) return jsonItems(json, source);
  if (text.includes(PEM_BEGIN)) return pemItems(text, source);
  const paragraphs = paragraphsOf(text, source);
  const lines = paragraphs.flatMap((paragraph) => paragraph.lines);
  const dump = readDump(lines.map((line) => line.text));
  if (dump !== undefined) {
    return "hex" in dump ? textItems(dump.hex, source) : [{ where: source, ok: false, problem: dump.problem }];
  }
  if (isBrokenJson(text, lines)) return [{ where: source, ok: false, problem: "JSON that is not whole" }];
  return paragraphs.flatMap(({ where, lines }) => {
    const texts = lines.map((line) => line.text);
    if (isFolded(texts)) return textItems(texts.join(""), paragraphs.length === 1 ? source : where);
    return lines.flatMap((line) => lineItems(line.text, line.where));
  });
}

type Line = { readonly text: string; readonly where: string };
type Paragraph = { readonly where: string; readonly lines: Line[] };

/** Lines up to a blank one behind which a message begins: a blank line within one that is folded is nothing. */
function paragraphsOf(text: string, source: string): Paragraph[] {
  const paragraphs: Paragraph[] = [];
  let isAfterBlank = true;
  for (const [index, line] of text.split("\n").entries()) {
    const trimmed = line.trim();
    if (trimmed !== "") {
      const where = `${source}, line ${index + 1}`;
      if (paragraphs.length === 0 || (isAfterBlank && VERSION.test(trimmed))) paragraphs.push({ where, lines: [] });
      paragraphs.at(-1)?.lines.push({ text: trimmed, where });
    }
    isAfterBlank = trimmed === "";
  }
  return paragraphs;
}

/** A line of JSON of its own, or what `textItems` takes, of which there may be several on a line. */
function lineItems(text: string, where: string): Item[] {
  const json = fromJson(text);
  if (typeof json === "object" && json !== null) return jsonItems(json, where);
  const parts = text.split(/[\s,;]+/).filter((part) => part !== "");
  if (parts.length > 1 && parts.every((part) => part.length >= FOLDED.least && VERSION.test(unquoted(part)))) {
    return parts.flatMap((part, index) => textItems(part, `${where}, part ${index + 1}`));
  }
  return textItems(text, where);
}

/** One that was cut or has a comma too many, which its lines by themselves would only hide. */
const isBrokenJson = (text: string, lines: readonly Line[]): boolean =>
  /^\s*(?:\{\s*"|\[\s*["{])/.test(text) && !lines.every((line) => fromJson(line.text) !== undefined);

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

const PEM_BEGIN = "-----BEGIN ";

/** Also indented, quoted in a mail, or on one line. What is around the blocks is nothing. */
function pemItems(text: string, source: string): Item[] {
  const blocks = text
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(/^[>\t ]+/gm, "")
    .split(PEM_BEGIN)
    .slice(1);
  return blocks.flatMap((block, index): Item[] => {
    const where = `${source}, block ${index + 1}`;
    const match = /^(.*?)-----\s([\s\S]*?)-----END (.*?)-----/.exec(block);
    if (match === null) return [{ where, ok: false, problem: "the PEM block has no -----END line" }];
    const [, label, body = "", endLabel] = match;
    if (label !== endLabel)
      return [{ where, ok: false, problem: `the PEM block begins "${label}" and ends "${endLabel}"` }];
    return textItems(body.replaceAll(/\s/g, ""), where);
  });
}

/** An object, an array or a string; undefined for what is none of them in whole. */
function fromJson(text: string): unknown {
  if (!/^\s*[[{"]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Members of requests and answers that hold a package, or several. */
const HOLDS_PACKAGES = new Set(["key_package", "key_packages"]);

/** The strings that are the whole, stand in an array that is the whole, or in a member that holds packages, at any depth. */
function jsonItems(json: unknown, source: string): Item[] {
  const items: Item[] = [];
  // A list of its own and no recursion: what is pasted may be nested as deep as it likes.
  const open = [{ value: json, where: source, holds: true }];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const { value, where, holds } = one;
    if (typeof value === "string" && holds) {
      for (const item of value.includes(PEM_BEGIN) ? pemItems(value, where) : textItems(value, where)) items.push(item);
    }
    if (typeof value !== "object" || value === null) continue;
    const isArray = Array.isArray(value);
    const members = Object.entries(value).map(([name, member]) => ({
      value: member,
      where: `${where}${where === source ? ", " : ""}/${name}`,
      holds: isArray ? holds : HOLDS_PACKAGES.has(name),
    }));
    // One by one: as arguments, many of them take more stack than there is.
    for (const member of members.reverse()) open.push(member);
  }
  return items.length > 0 ? items : [{ where: source, ok: false, problem: "JSON in which no key_package is" }];
}

/** One thing over several lines that are equally long, but for spaces. */
function isFolded(lines: readonly string[]): boolean {
  const [{ length: width } = "", ...rest] = lines;
  const last = rest.at(-1);
  if (last === undefined || width < FOLDED.least || width > FOLDED.most || last.length > width + TRIMMED) return false;
  if (rest.slice(0, -1).some(({ length }) => Math.abs(length - width) > TRIMMED)) return false;
  return !lines.every((line) => VERSION.test(line));
}

/** Spaces at both ends of a line are not counted. */
const TRIMMED = 2;

/** Every struct begins with the version 1, in hex or in base64. */
const VERSION = /^(?:0001|AAE)/;

function textItems(given: string, where: string): Item[] {
  const text = unquoted(given);
  const digits = hexDigits(text);
  const bytes = digits === undefined ? fromBase64(text) : fromHex(digits);
  if (bytes !== undefined) return binaryItems(bytes, where);
  const problem = digits === undefined ? "neither hex nor base64 nor base64url" : "an odd number of hex digits";
  return [{ where, ok: false, problem }];
}

/** A string of a program or of JSON, also with the name of its member before it. */
const QUOTED = /^(?:"\w+"\s*:\s*)?(["'])([^"']*)\1[,;]?$/;

const unquoted = (text: string): string => QUOTED.exec(text)?.[2] ?? text;

const BRACES = /^[{[]|[}\]][,;]?$/g;
const SEPARATORS = /[\s:,]+/;

/**
 * The digits alone, of text that is hex and cannot be anything else; undefined for other text. Part by part: one pattern
 * for all takes stack for each. An odd number of digits is hex that was cut: as base64 it would be bytes by chance.
 */
function hexDigits(text: string): string | undefined {
  const bare = text.replaceAll(BRACES, "").trim().replace(/,$/, "");
  const parts = bare.split(SEPARATORS);
  if (!parts.every((part) => /^(?:0[xX])?[0-9a-fA-F]+$/.test(part))) return undefined;
  // Only the last part may have lost a digit at the end.
  if (parts.slice(0, -1).some(({ length }) => length % 2 !== 0)) return undefined;
  return bare.replaceAll(NO_DIGITS, "");
}

/** Of text whose parts are known to be hex. */
const NO_DIGITS = /0[xX]|[\s:,]/g;

/** Either alphabet, with padding or without; atob takes more than that, so it must come back the same. */
function fromBase64(text: string): Uint8Array | undefined {
  const bare = text.replace(/={1,2}$/, "");
  if (bare === "" || !/^(?:[\w-]+|[A-Za-z0-9+/]+)$/.test(bare)) return undefined;
  if (bare.length % 4 === 1 || (bare !== text && text.length % 4 !== 0)) return undefined;
  const standard = bare.replaceAll("-", "+").replaceAll("_", "/");
  const binary = atob(standard);
  if (btoa(binary).replace(/=+$/, "") !== standard) return undefined;
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
