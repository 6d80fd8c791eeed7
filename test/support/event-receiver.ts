/**
 * A backend that receives events: a real HTTP server, told what to do with the requests about each user. It runs beside
 * the tests in workerd (vitest's globalSetup), which reach it by its address and by nothing else.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";

/** `hang` takes the event and never answers; `drop` takes it and loses the answer; a number is the status of one. */
export type Behaviour =
  | number
  | "hang"
  | "drop"
  | { readonly status: number; readonly headers: Readonly<Record<string, string>> };

export type ReceivedEvent = {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

declare module "vitest" {
  interface ProvidedContext {
    receiver: string;
  }
}

export type Receiver = { readonly address: string; readonly close: () => Promise<void> };

const MAX_BODY_BYTES = 64 * 1024;

/** Listens on loopback. `/hook` takes events; `/plan/{user}` and `/received/{user}` are for the test. */
export async function startReceiver(onEvent: (event: ReceivedEvent) => void = () => undefined): Promise<Receiver> {
  const plans = new Map<string, Behaviour[]>();
  const received = new Map<string, ReceivedEvent[]>();
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const [, route = "", name = ""] = (request.url ?? "").split("/");
    const body = await readBody(request);
    if (route === "plan") {
      plans.set(name, JSON.parse(body) as Behaviour[]);
      response.end();
      return;
    }
    if (route === "received") {
      response.end(JSON.stringify(received.get(name) ?? []));
      return;
    }
    const { data } = JSON.parse(body) as { data: { user: string } };
    const event = {
      headers: Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)])),
      body,
    };
    received.set(data.user, [...(received.get(data.user) ?? []), event]);
    onEvent(event);
    behave(plans.get(data.user)?.shift() ?? 204, response);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function behave(behaviour: Behaviour, response: ServerResponse): void {
  if (behaviour === "hang") return;
  if (behaviour === "drop") {
    response.destroy();
    return;
  }
  const { status, headers } = typeof behaviour === "number" ? { status: behaviour, headers: {} } : behaviour;
  response.writeHead(status, headers);
  response.end();
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new Error("the body is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Vitest's globalSetup of the project `events`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const receiver = await startReceiver();
  project.provide("receiver", receiver.address);
  return receiver.close;
}
