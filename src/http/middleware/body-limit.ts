import { createMiddleware } from "hono/factory";
import { BODY_READ_TIMEOUT_MS } from "../../limits.ts";
import { readSettings } from "../../settings.ts";
import type { AppEnv } from "../bindings.ts";
import { accept, type Checked, problem, refuse } from "../problem.ts";

/** Reads the body up to the limit, whether or not its length was announced; nothing beyond it is ever held. */
export const bodyLimit = createMiddleware<AppEnv>(async function bodyLimit(c, next) {
  const { maxBodyBytes } = readSettings(c.env);
  if (Number(c.req.header("Content-Length") ?? 0) > maxBodyBytes) {
    return problem(c, { code: "body_too_large", detail: `at most ${maxBodyBytes} bytes` });
  }
  const body = await readAtMost(c.req.raw.body, maxBodyBytes);
  if (!body.ok) return problem(c, body.refusal);
  c.set("body", body.value);
  return next();
});

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
        return refuse("body_too_large", `at most ${maxBytes} bytes`);
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
