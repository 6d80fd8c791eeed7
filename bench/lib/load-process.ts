/** The process that makes the load: one burst for each order that it is sent. */
import { randomUUID } from "node:crypto";
import { encodeRequest, HttpConnection } from "./http-connection.ts";
import type { LoadMessage, LoadOrder, LoadReport } from "./load.ts";
import { spread } from "./rounds.ts";

const MAX_SHOWN_CHARACTERS = 300;

process.on("message", (order: LoadOrder) => {
  burst(order).then(
    (report) => tell({ report }),
    (error: unknown) => tell({ failure: String(error) }),
  );
});

function tell(message: LoadMessage): void {
  process.send?.(message);
}

async function burst(order: LoadOrder): Promise<LoadReport> {
  const connections = await Promise.all(
    Array.from({ length: order.connections }, () => HttpConnection.open(order.port)),
  );
  const run = randomUUID();
  const times: number[] = [];
  let sent = 0;
  const startMs = performance.now();
  const pump = async (connection: HttpConnection) => {
    while (sent < order.maxRequests && performance.now() - startMs < order.maxMs) {
      const request = requestOf(order, run, sent++);
      const atMs = performance.now();
      const { status, body } = await connection.send(request);
      times.push(performance.now() - atMs);
      if (status !== 200 || !body.includes(order.expect)) {
        throw new Error(`expected 200 and ${order.expect}, got ${status} ${shown(body)}`);
      }
    }
  };
  try {
    await Promise.all(connections.map(pump));
    return { requests: times.length, elapsedMs: performance.now() - startMs, medianMs: spread(times).median };
  } finally {
    for (const connection of connections) connection.close();
  }
}

function requestOf(order: LoadOrder, run: string, index: number): Buffer {
  const path = order.paths[index % order.paths.length] ?? "/";
  const headers = order.withKey ? { ...order.headers, "Idempotency-Key": `${run}-${index}` } : order.headers;
  return encodeRequest(order.method, path, headers, order.body);
}

const shown = (body: Buffer): string => body.toString("utf8", 0, MAX_SHOWN_CHARACTERS);
