/**
 * Where a page of a list ended, as callers carry it from one answer (`next`) to the next request (`after`): opaque to
 * them, base64url of a JSON array to us.
 */
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type * as z from "zod/mini";
import { fromBase64Url, toBase64Url } from "../../shared/base64url.ts";
import { ok, type Result } from "../refusals/refusal.ts";
import { invalidAt } from "./read-json.ts";
import { shownText } from "./shown-value.ts";

export const writeCursor = (place: readonly (string | number)[]): string =>
  toBase64Url(utf8ToBytes(JSON.stringify(place)));

/** The place that a cursor names, undefined without one; `invalid_request` for a text that no answer has given. */
export function readCursor<T extends z.ZodMiniType>(
  schema: T,
  text: string | undefined,
): Result<z.output<T> | undefined> {
  if (text === undefined) return ok(undefined);
  const place = schema.safeParse(parse(text));
  return place.success
    ? ok(place.data)
    : invalidAt("/after", `expected the next of the page before, got ${shownText(text)}`);
}

function parse(text: string): unknown {
  const bytes = fromBase64Url(text);
  try {
    return bytes && JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    return undefined;
  }
}
