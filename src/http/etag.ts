/** Answers that a caller may hold already (RFC 9110 §8.8, §13.1.2). */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { Context } from "hono";
import { toBase64Url } from "./base64url.ts";
import type { AppEnv } from "./bindings.ts";

/** JSON with a strong ETag over its bytes, or 304 if that is what the caller has. */
export function jsonWithETag(c: Context<AppEnv>, document: unknown, cacheControl: string): Response {
  const body = JSON.stringify(document);
  const etag = `"${toBase64Url(sha256(utf8ToBytes(body)))}"`;
  const headers = { ETag: etag, "Cache-Control": cacheControl };
  if (matches(c.req.header("If-None-Match"), etag)) return c.body(null, 304, headers);
  return c.body(body, 200, { ...headers, "Content-Type": "application/json" });
}

/** The weak comparison, which If-None-Match calls for. */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === "*" || header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
