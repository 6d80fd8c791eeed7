import { createMiddleware } from "hono/factory";
import { BODY_READ_TIMEOUT_MS } from "../../limits.ts";
import { readSettings } from "../../settings.ts";
import { within } from "../../within.ts";
import type { AppEnv } from "../bindings.ts";
import { accept, type Checked, problem, type Refusal, refuse } from "../problem.ts";

/** Reads the body up to the limit, whether or not its length was announced; nothing beyond it is ever held. */
export const bodyLimit = createMiddleware<AppEnv>(async function bodyLimit(c, next) {
  const { maxBodyBytes } = readSettings(c.env);
  const announced = c.req.header("Content-Length");
  if (Number(announced ?? 0) > maxBodyBytes) return problem(c, tooLarge(maxBodyBytes));
  const body = announced === undefined ? await readAtMost(c.req.raw.body, maxBodyBytes) : await readWhole(c.req.raw);
  if (!body.ok) return problem(c, body.refusal);
  if (body.value.length > maxBodyBytes) return problem(c, tooLarge(maxBodyBytes));
  c.set("body", body.value);
  return next();
});

const tooLarge = (maxBytes: number): Refusal => ({ code: "body_too_large", detail: `at most ${maxBytes} bytes` });

class Late extends Error {}

/** A body of announced length, which HTTP does not let it exceed: in one piece, which is the quickest. */
async function readWhole(request: Request): Promise<Checked<Uint8Array>> {
  try {
    return accept(new Uint8Array(await within(BODY_READ_TIMEOUT_MS, request.arrayBuffer(), () => new Late())));
  } catch (error) {
    if (error instanceof Late) return refuse("body_timeout");
    throw error;
  }
}

/** A body that comes in chunks until it ends. */
async function readAtMost(stream: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<Checked<Uint8Array>> {
  if (!stream) return accept(new Uint8Array());
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    void reader.cancel().catch(() => undefined);
  }, BODY_READ_TIMEOUT_MS);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (late) return refuse("body_timeout");
      if (done) break;
      length += value.length;
      if (length > maxBytes) {
        void reader.cancel().catch(() => undefined);
        return { ok: false, refusal: tooLarge(maxBytes) };
      }
      chunks.push(value);
    }
  } finally {
    clearTimeout(timer);
  }
  return accept(concatenate(chunks, length));
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
