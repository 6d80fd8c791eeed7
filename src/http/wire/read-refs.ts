import { base64UrlFault, fromBase64Url } from "../../shared/base64url.ts";
import { ok, type Result, refuse } from "../refusals/refusal.ts";

/** References in base64url, at most `max` of them. `member` is the request's name for the list. */
export function readRefs(member: string, texts: readonly string[], max: number): Result<readonly Uint8Array[]> {
  if (texts.length > max) return refuse("too_many_refs", `expected at most ${max} references, got ${texts.length}`);
  const refs: Uint8Array[] = [];
  for (const [index, text] of texts.entries()) {
    const ref = fromBase64Url(text);
    if (!ref) return refuse("invalid_base64", `/${member}/${index}: ${base64UrlFault(text)}`);
    refs.push(ref);
  }
  return ok(refs);
}
