/**
 * A look at a JSON text before it is parsed: how many values it has, how deep it goes and how long its lists are.
 * Parsing makes an object for each value, and a schema that refuses them makes one for each refusal: a megabyte of
 * `[1,1,…` would take a hundred. This takes one pass over the bytes and no memory.
 *
 * What is not JSON is counted like what is: the parser refuses it afterwards.
 */

export type JsonShape = {
  /** Values, counted by the commas, brackets and braces outside of strings; not beyond the bound that was given. */
  readonly values: number;
  /** The deepest nesting of arrays and objects; not beyond the bound that was given, either. */
  readonly depth: number;
  /** Elements of the lists that were asked for, by the name of the member that holds one. */
  readonly lists: ReadonlyMap<string, number>;
};

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What a byte outside of strings is. By a table: with sets a body of one long number took twice as long (measured). */
const KINDS = new Uint8Array(256);
const [SPACE, STRING, COMMA, COLON, OPENING, CLOSING] = [1, 2, 3, 4, 5, 6];
for (const [kind, characters] of [
  [SPACE, " \t\n\r"],
  [STRING, '"'],
  [COMMA, ","],
  [COLON, ":"],
  [OPENING, "[{"],
  [CLOSING, "]}"],
] as const) {
  for (const character of characters) KINDS[character.charCodeAt(0)] = kind;
}

export type ScanBounds = { readonly maxValues: number; readonly maxDepth: number };

/** Ends at the first value or level beyond the bounds. `names`: members of the document whose lists are counted. */
export function scanJson(text: Uint8Array, names: readonly string[], { maxValues, maxDepth }: ScanBounds): JsonShape {
  const lists = new Map<string, number>();
  const keys = names.map((name) => ({ name, bytes: new TextEncoder().encode(name) }));
  let [values, depth, deepest] = [1, 0, 0];
  /** The last string at the level of the document's members, and the list that has begun after it and its colon. */
  let [keyStart, keyEnd] = [0, 0];
  let list: string | undefined;
  let isEmpty = false;
  for (let at = 0; at < text.length && values <= maxValues && deepest <= maxDepth; at++) {
    const kind = KINDS[text[at] as number];
    if (kind === SPACE) continue;
    if (isEmpty && kind !== CLOSING) {
      isEmpty = false;
      if (list !== undefined && depth === 2) lists.set(list, (lists.get(list) ?? 0) + 1);
    }
    if (kind === STRING) {
      const start = at + 1;
      at = endOfString(text, start);
      if (depth === 1) [keyStart, keyEnd] = [start, at];
    } else if (kind === COMMA) {
      values++;
      if (list !== undefined && depth === 2) lists.set(list, (lists.get(list) ?? 0) + 1);
    } else if (kind === OPENING) {
      if (depth === 1) list = keys.find(({ bytes }) => isAt(text, keyStart, keyEnd, bytes))?.name;
      values++;
      depth++;
      deepest = Math.max(deepest, depth);
      isEmpty = true;
    } else if (kind === CLOSING) {
      depth--;
      isEmpty = false;
      if (depth === 1) list = undefined;
    } else if (kind !== COLON && depth === 1) {
      keyEnd = keyStart;
    }
  }
  return { values, depth: deepest, lists };
}

/** Where the string that begins at `start` ends: at its quote, or at the end of the text. */
function endOfString(text: Uint8Array, start: number): number {
  for (let at = start; ; ) {
    const end = text.indexOf(QUOTE, at);
    if (end < 0) return text.length;
    let escapes = 0;
    while (end - escapes > start && text[end - escapes - 1] === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return end;
    at = end + 1;
  }
}

function isAt(text: Uint8Array, start: number, end: number, expected: Uint8Array): boolean {
  return end - start === expected.length && expected.every((byte, index) => text[start + index] === byte);
}
