/** From the bytes of a body, or the text of a query, to what a schema describes. */
import type * as z from "zod/mini";
import { MAX_JSON_DEPTH, MAX_JSON_VALUES, MAX_REPORTED_FAULTS } from "../../config/limits.ts";
import type { Settings } from "../../config/settings.ts";
import type { ProblemCode } from "../refusals/problem-codes.ts";
import { ok, type Result, refuse } from "../refusals/refusal.ts";
import { scanJson } from "./scan-json.ts";
import { shownText, shownValue } from "./shown-value.ts";

type Issue = z.core.$ZodIssue;

/** Parses a JSON body strictly: UTF-8, one document, no member that the schema does not know. */
export function readJson<T extends z.ZodMiniType>(
  schema: T,
  contentType: string | undefined,
  body: Uint8Array,
  lists: readonly ListBound[] = [],
): Result<z.output<T>> {
  if (contentType !== undefined && mediaType(contentType) !== "application/json") return wrongMediaType(contentType);
  if (body.length === 0) return refuse("empty_body", "expected a JSON document, got no body");
  if (contentType === undefined) return wrongMediaType(contentType);
  const refusal = shapeRefusal(body, lists);
  if (refusal) return refusal;
  const document = parse(body);
  return document.ok ? check(schema, document.value) : document;
}

function parse(body: Uint8Array): Result<unknown> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(body);
  } catch {
    return refuse("invalid_json", "expected a JSON document in UTF-8, got bytes that are not UTF-8");
  }
  try {
    return ok(JSON.parse(text));
  } catch (error) {
    // The parser's message repeats some of the body; of it only the place is told.
    const place = /position (\d+)/.exec(String(error))?.[1];
    const where = place === undefined ? "" : ` at character ${place}`;
    return refuse("invalid_json", `expected one whole JSON document, got a text that is not${where}`);
  }
}

/** A list of the document, by the name of its member, that is refused by a code of its own when it is too long. */
export type ListBound = {
  readonly name: string;
  readonly max: number;
  readonly code: ProblemCode;
  /** What its elements are called. */
  readonly what: string;
};

export const listBound = (name: string, max: number, code: ProblemCode, what: string): ListBound => ({
  name,
  max,
  code,
  what,
});

export type Lists = (settings: Settings) => readonly ListBound[];

/** Refuses a text whose values are too many or too deep, before one of them is made. */
function shapeRefusal(body: Uint8Array, bounds: readonly ListBound[]) {
  const maxValues = bounds.reduce((sum, { max }) => sum + max, MAX_JSON_VALUES);
  const names = bounds.map(({ name }) => name);
  const { values, depth, lists } = scanJson(body, names, { maxValues, maxDepth: MAX_JSON_DEPTH });
  for (const { name, max, code, what } of bounds) {
    const count = lists.get(name) ?? 0;
    const got = values > maxValues ? `more than ${max}` : count;
    if (count > max) return refuse(code, `expected at most ${max} ${what}, got ${got}`);
  }
  if (depth > MAX_JSON_DEPTH) return refuse("invalid_json", `expected at most ${MAX_JSON_DEPTH} levels, got more`);
  if (values > maxValues) return refuse("too_many_values", `expected at most ${maxValues} values, got more`);
  return undefined;
}

export function wrongMediaType(contentType: string | undefined, accepted = "application/json") {
  const got = contentType === undefined ? "none" : shownText(contentType);
  return refuse("unsupported_media_type", `expected Content-Type ${accepted}, got ${got}`);
}

/** The type without its parameters, in lower case. */
export function mediaType(contentType: string): string {
  return (contentType.split(";", 1)[0] ?? "").trim().toLowerCase();
}

/** The value as the schema has it, or `invalid_request` with the place and the kind of each fault. */
export function check<T extends z.ZodMiniType>(schema: T, value: unknown): Result<z.output<T>> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const faults = parsed.error.issues.slice(0, MAX_REPORTED_FAULTS).map((issue) => ({
    pointer: pointerTo(issue),
    detail: describe(issue, valueAt(value, issue.path)),
  }));
  const [first] = faults;
  if (!first) throw new Error("expected a fault of what the schema does not take");
  const detail = `${first.pointer === "" ? "the document" : first.pointer}: ${first.detail}`;
  return refuse("invalid_request", detail, { members: { errors: faults } });
}

/** `invalid_request` for a fault that no schema finds. `detail` says what was expected and what came. */
export function invalidAt(pointer: string, detail: string) {
  return refuse("invalid_request", `${pointer}: ${detail}`, { members: { errors: [{ pointer, detail }] } });
}

/** What stands at the place of a fault; undefined for what is missing there. */
function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  let value = document;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[step];
  }
  return value;
}

/** A JSON pointer (RFC 6901) to the fault; of an unknown member, to that member. */
function pointerTo(issue: Issue): string {
  const [unknownKey] = issue.code === "unrecognized_keys" ? issue.keys : [];
  const path = unknownKey === undefined ? issue.path : [...issue.path, unknownKey.slice(0, 64)];
  return path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function describe(issue: Issue, value: unknown): string {
  const got = shownValue(value);
  switch (issue.code) {
    case "invalid_type":
      return `expected ${issue.expected === "int" ? "a whole number" : issue.expected}, got ${got}`;
    case "unrecognized_keys":
      return "expected a member that is described, got an unknown one";
    case "too_small":
      return `expected at least ${issue.minimum}${unit(issue.origin)}, got ${sizeOf(value)}`;
    case "too_big":
      return `expected at most ${issue.maximum}${unit(issue.origin)}, got ${sizeOf(value)}`;
    case "invalid_value":
      return `expected ${issue.values.map(String).join(" or ")}, got ${got}`;
    case "custom":
      // A rule over several members says itself what came.
      return typeof value === "object" ? issue.message : `${issue.message}, got ${got}`;
    default:
      return `expected another value, got ${got}`;
  }
}

const sizeOf = (value: unknown): string =>
  String(typeof value === "string" || Array.isArray(value) ? value.length : value);

function unit(origin: string): string {
  if (origin === "string") return " characters";
  return origin === "array" ? " items" : "";
}
