/** From the bytes of a body, or the text of a query, to what a schema describes. */
import type * as z from "zod/mini";
import { MAX_REPORTED_FAULTS } from "../../config/limits.ts";
import { ok, type Result, refuse } from "../refusals/refusal.ts";

type Issue = z.core.$ZodIssue;

/** Parses a JSON body strictly: UTF-8, one document, no member that the schema does not know. */
export function readJson<T extends z.ZodMiniType>(
  schema: T,
  contentType: string | undefined,
  body: Uint8Array,
): Result<z.output<T>> {
  if (contentType !== undefined && mediaType(contentType) !== "application/json") return wrongMediaType();
  if (body.length === 0) return refuse("empty_body");
  if (contentType === undefined) return wrongMediaType();
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(body));
  } catch {
    return refuse("invalid_json");
  }
  return check(schema, document);
}

export function wrongMediaType(accepted = "application/json") {
  return refuse("unsupported_media_type", `expected Content-Type ${accepted}`);
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
    detail: describe(issue),
  }));
  const [first] = faults;
  const detail = first && `${first.pointer === "" ? "the document" : first.pointer}: ${first.detail}`;
  return refuse("invalid_request", detail, { members: { errors: faults } });
}

/** A JSON pointer (RFC 6901) to the fault; of an unknown member, to that member. */
function pointerTo(issue: Issue): string {
  const [unknownKey] = issue.code === "unrecognized_keys" ? issue.keys : [];
  const path = unknownKey === undefined ? issue.path : [...issue.path, unknownKey.slice(0, 64)];
  return path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function describe(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${issue.expected === "int" ? "a whole number" : issue.expected}`;
    case "unrecognized_keys":
      return "unknown member";
    case "too_small":
      return `expected at least ${issue.minimum}${unit(issue.origin)}`;
    case "too_big":
      return `expected at most ${issue.maximum}${unit(issue.origin)}`;
    case "invalid_value":
      return `expected ${issue.values.map(String).join(" or ")}`;
    case "custom":
      return issue.message;
    default:
      return "not valid";
  }
}

function unit(origin: string): string {
  if (origin === "string") return " characters";
  return origin === "array" ? " items" : "";
}
