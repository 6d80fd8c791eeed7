import { concatBytes } from "@noble/hashes/utils.js";
import type { Context } from "hono";
import { BODY_READ_TIMEOUT_MS } from "../../config/limits.ts";
import { withTimeout } from "../../shared/with-timeout.ts";
import type { AppEnv } from "../bindings.ts";
import { ok, type Result, refuse } from "../refusals/refusal.ts";

/** Reads the body up to the limit, whether or not its length was announced; nothing beyond it is ever held. */
export async function readLimitedBody(c: Context<AppEnv>, maxBytes: number): Promise<Result<Uint8Array>> {
  const announced = c.req.header("Content-Length");
  if (Number(announced ?? 0) > maxBytes) return tooLarge(maxBytes, Number(announced));
  return readBody(c.req.raw, announced !== undefined, maxBytes);
}

const tooLarge = (maxBytes: number, got: number | "more" = "more") =>
  refuse("body_too_large", `expected a body of at most ${maxBytes} bytes, got ${got}`);

class Late extends Error {}

/** All of it, in time. Reading fails for one reason only: the caller went away, or broke off and still listens. */
async function readBody(request: Request, isAnnounced: boolean, maxBytes: number): Promise<Result<Uint8Array>> {
  // HTTP does not let a body exceed the length it announced: that one is read in one piece, which is the quickest.
  const stream = isAnnounced ? undefined : request.body?.getReader();
  try {
    const reading = stream ? readAtMost(stream, maxBytes) : request.arrayBuffer().then((body) => new Uint8Array(body));
    const body = await withTimeout(BODY_READ_TIMEOUT_MS, reading, () => new Late());
    return body && body.length <= maxBytes ? ok(body) : tooLarge(maxBytes);
  } catch (error) {
    void stream?.cancel().catch(() => undefined);
    const seconds = BODY_READ_TIMEOUT_MS / 1000;
    return error instanceof Late
      ? refuse("body_timeout", `expected the whole body within ${seconds} seconds, got only a part of it`)
      : refuse("body_incomplete", "expected the whole body, got its beginning alone");
  }
}

/** The bytes of a body of unknown length, or undefined if there are more than that. */
async function readAtMost(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return chunks.length === 1 ? chunks[0] : concatBytes(...chunks);
    length += value.length;
    if (length > maxBytes) {
      void reader.cancel().catch(() => undefined);
      return undefined;
    }
    chunks.push(value);
  }
}
