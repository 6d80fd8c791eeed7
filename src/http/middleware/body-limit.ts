import { createMiddleware } from "hono/factory";
import { BODY_READ_TIMEOUT_MS } from "../../config/limits.ts";
import { readSettings } from "../../config/settings.ts";
import { withTimeout } from "../../shared/with-timeout.ts";
import type { AppEnv } from "../bindings.ts";
import { accept, type Checked, problem, refuse } from "../refusals/refusal.ts";

/** Reads the body up to the limit, whether or not its length was announced; nothing beyond it is ever held. */
export const bodyLimit = createMiddleware<AppEnv>(async function bodyLimit(c, next) {
  const { maxBodyBytes } = readSettings(c.env);
  const announced = c.req.header("Content-Length");
  const body =
    Number(announced ?? 0) > maxBodyBytes
      ? tooLarge(maxBodyBytes)
      : await readBody(c.req.raw, announced !== undefined, maxBodyBytes);
  if (!body.ok) return problem(c, body.refusal);
  c.set("body", body.value);
  return next();
});

const tooLarge = (maxBytes: number) => refuse("body_too_large", `at most ${maxBytes} bytes`);

class Late extends Error {}

/** All of it, in time. Reading fails for one reason only: the caller went away, or broke off and still listens. */
async function readBody(request: Request, isAnnounced: boolean, maxBytes: number): Promise<Checked<Uint8Array>> {
  // HTTP does not let a body exceed the length it announced: that one is read in one piece, which is the quickest.
  const stream = isAnnounced ? undefined : request.body?.getReader();
  try {
    const reading = stream ? readAtMost(stream, maxBytes) : request.arrayBuffer().then((body) => new Uint8Array(body));
    const body = await withTimeout(BODY_READ_TIMEOUT_MS, reading, () => new Late());
    return body && body.length <= maxBytes ? accept(body) : tooLarge(maxBytes);
  } catch (error) {
    void stream?.cancel().catch(() => undefined);
    return refuse(error instanceof Late ? "body_timeout" : "body_incomplete");
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
    if (done) return concatenate(chunks, length);
    length += value.length;
    if (length > maxBytes) {
      void reader.cancel().catch(() => undefined);
      return undefined;
    }
    chunks.push(value);
  }
}

function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = chunks;
  if (only && chunks.length === 1) return only;
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
