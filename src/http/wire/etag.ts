/** Answers that a caller may hold already (RFC 9110 §8.8, §13.1.2). */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { Context } from "hono";
import { toBase64Url } from "../../shared/base64url.ts";
import type { AppEnv } from "../bindings.ts";

/** A document as it is sent, with a strong ETag over its bytes. */
export type Tagged = { readonly body: string; readonly etag: string };

export function tagged(document: unknown): Tagged {
  const body = JSON.stringify(document);
  return { body, etag: `"${toBase64Url(sha256(utf8ToBytes(body)))}"` };
}

/** The document, or 304 if that is what the caller has. */
export function answerTagged(c: Context<AppEnv>, { body, etag }: Tagged, cacheControl: string): Response {
  const headers = { ETag: etag, "Cache-Control": cacheControl };
  if (matches(c.req.header("If-None-Match"), etag)) return c.body(null, 304, headers);
  return c.body(body, 200, { ...headers, "Content-Type": "application/json" });
}

/** The weak comparison, which If-None-Match calls for. */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === "*" || header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
