/** Packages and other messages in whatever form they come. */
import { splitMlsMessages } from "../mls/key-package/mls-message.ts";
import { fromHex } from "./hex.ts";

/** Something that was found in the input, or what stands where something should be. */
export type Item = { readonly where: string } & (
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly problem: string }
);

/** Lengths at which xxd, openssl and base64 wrap their lines. No package is that short. */
const WRAPPED_AT = [60, 64, 76];

/** Bytes on a line of spaced hex, as dumps have them. No package is that short. */
const MOST_DUMPED_ON_A_LINE = 32;

/**
 * Hex (also with spaces or colons between its bytes), base64 or base64url, one per line or one wrapped over all lines; PEM;
 * JSON as the directory takes and gives it; or binary, MLSMessages one after the other. Blank lines are nothing. `source` is
 * where it comes from, for people.
 */
export function itemsOf(bytes: Uint8Array, source: string): Item[] {
  // Every struct begins with the version, 0x0001, and no text with a zero byte.
  if (bytes[0] === 0) return binaryItems(bytes, source);
  const text = new TextDecoder().decode(bytes);
  if (text.includes("-----BEGIN ")) return pemItems(text, source);
  const json = fromJson(text);
  if (json !== undefined) return jsonItems(json, source);
  const lines = text.split("\n").flatMap((line, index) => {
    const trimmed = line.trim();
    return trimmed === "" ? [] : [{ text: trimmed, where: `${source}, line ${index + 1}` }];
  });
  const texts = lines.map((line) => line.text);
  if (isWrapped(texts)) return [textItem(texts.join(""), source)];
  if (isDump(texts)) return [textItem(texts.join(" "), source)];
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
    if (typeof value === "string" && holds) items.push(textItem(value, where));
    if (typeof value !== "object" || value === null) continue;
    const isArray = Array.isArray(value);
    const members = Object.entries(value).map(([name, member]) => ({
      value: member,
      where: `${where}${where === source ? ", " : ""}/${name}`,
      holds: isArray ? holds : HOLDS_PACKAGES.has(name),
    }));
    open.push(...members.reverse());
  }
  return items.length > 0 ? items : [{ where: source, ok: false, problem: "JSON in which no key_package is" }];
}

/** Spaced hex of one thing over several lines of the same length. */
function isDump(lines: readonly string[]): boolean {
  const [first = "", ...rest] = lines;
  const last = rest.at(-1);
  if (last === undefined || last.length > first.length) return false;
  if (!SEPARATORS.test(first) || !lines.every(isSpacedHex)) return false;
  if (first.split(SEPARATORS).join("").length > 2 * MOST_DUMPED_ON_A_LINE) return false;
  return rest.slice(0, -1).every((line) => line.length === first.length);
}

function isWrapped(lines: readonly string[]): boolean {
  const [first = "", ...rest] = lines;
  const last = rest.at(-1);
  if (last === undefined || !WRAPPED_AT.includes(first.length) || last.length > first.length) return false;
  return rest.slice(0, -1).every((line) => line.length === first.length);
}

function textItem(text: string, where: string): Item {
  const bytes = bytesOfHex(text) ?? fromBase64(text);
  return bytes === undefined
    ? { where, ok: false, problem: "neither hex nor base64 nor base64url" }
    : { where, ok: true, bytes };
}

const SEPARATORS = /[ :]+/;

/** Whole bytes, with spaces or colons between them or without. Part by part: one pattern for all takes stack for each. */
const isSpacedHex = (text: string): boolean =>
  text.split(SEPARATORS).every((part) => part.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(part));

const bytesOfHex = (text: string): Uint8Array | undefined =>
  isSpacedHex(text) ? fromHex(text.replaceAll(":", " ")) : undefined;

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
