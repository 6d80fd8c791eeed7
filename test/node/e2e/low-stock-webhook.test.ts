/** Low stock on its whole way: a claim at a started directory, and the receiver of docs/events.md, which is woken. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { receiver } from "../../../docs/examples/events/receiver.ts";
import { newSigner, sampleKeyPackages } from "../../../tools/lib/sample-packages.ts";
import { NEW_SECRET, OLD_SECRET } from "../../support/webhook-secrets.ts";
import { claimer, owner } from "../support/publisher-and-claimer.ts";
import { type Server, startServer } from "../support/started-directory.ts";

type Woken = Parameters<Parameters<typeof receiver>[1]>[0];

/** Events in the order in which they came, and the wait for more of them. */
class Inbox {
  readonly events: Woken[] = [];
  readonly ids: string[] = [];
  #waiting: (() => void)[] = [];

  add(event: Woken): void {
    this.events.push(event);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async has(count: number): Promise<void> {
    while (this.events.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

const inbox = new Inbox();
// It knows the old secret alone; the directory signs with both.
const handle = receiver(OLD_SECRET, async (event) => inbox.add(event));

const backend = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const answer = await handle(
    new Request("http://backend.test/", { method: "POST", headers, body: Buffer.concat(chunks) }),
  );
  inbox.ids.push(`${answer.status} ${headers.get("webhook-id")}`);
  response.writeHead(answer.status).end();
});

let state: string;
let server: Server;
let settings: Record<string, string>;

beforeAll(async () => {
  backend.listen(0, "127.0.0.1");
  await once(backend, "listening");
  state = mkdtempSync(join(tmpdir(), "kpd-events-"));
  settings = {
    EVENTS_WEBHOOK_URL: `http://127.0.0.1:${(backend.address() as AddressInfo).port}/hook`,
    EVENTS_WEBHOOK_SECRETS: `${NEW_SECRET},${OLD_SECRET}`,
    STOCK_LOW_WATERMARK: "2",
  };
  server = await startServer(state, settings);
});

afterAll(async () => {
  await server?.kill();
  backend.closeAllConnections();
  backend.close();
  rmSync(state, { recursive: true, force: true });
});

it("a claim below the watermark reaches the backend, verified, and one before a crash reaches it after it", async () => {
  const signer = await newSigner();
  const heidi = await owner(server, "heidi", signer);
  await heidi.publish(await sampleKeyPackages({ identity: "heidi", signer, count: 2 }));
  await (await claimer(server, "heidi"))();
  await inbox.has(1);
  expect(inbox.events).toMatchObject([
    { type: "key_packages.low", data: { user: "heidi", client: "phone", ciphersuite: 1, available: 1 } },
  ]);
  await (await claimer(server, "heidi"))();
  await server.kill();
  server = await startServer(state, settings);
  // The pool that has it to say wakes with the next call, or by its own alarm.
  await (await claimer(server, "heidi"))();
  await inbox.has(2);
  expect(inbox.events[1]).toMatchObject({ type: "key_packages.exhausted", data: { user: "heidi", available: 0 } });
  expect(inbox.ids.every((line) => line.startsWith("204 evt_"))).toBe(true);
});
