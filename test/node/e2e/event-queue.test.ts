/** Events by a queue: the Worker bound to a queue of the local platform, and a consumer of it. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, expect, it } from "vitest";
import { miniflareWorker } from "../../../tools/lib/miniflare-worker.ts";
import { NO_BUDGETS } from "../../../tools/lib/no-budgets.ts";
import { newSigner, sampleKeyPackages } from "../../../tools/lib/sample-packages.ts";
import { newIssuer } from "../../../tools/lib/tokens.ts";
import { bundle, readDeployment } from "../../../tools/lib/worker-deployment.ts";
import { claimer, owner } from "../support/publisher-and-claimer.ts";

/** Passes on what it gets. */
const CONSUMER = `export default {
  async queue(batch, { SINK }) {
    for (const { body } of batch.messages) await fetch(SINK, { method: "POST", body: JSON.stringify(body) });
  },
};`;

const sink = createServer(async (request, response) => {
  let text = "";
  for await (const chunk of request.setEncoding("utf8") as AsyncIterable<string>) text += chunk;
  response.end();
  sink.emit("message", JSON.parse(text));
});

let platform: Miniflare;

beforeAll(async () => {
  sink.listen(0, "127.0.0.1");
  await once(sink, "listening");
});

afterAll(async () => {
  await platform?.dispose();
  sink.closeAllConnections();
  sink.close();
});

it("a claim of the last package is a message of the queue, with its id", async () => {
  const deployment = readDeployment();
  const issuer = await newIssuer();
  platform = new Miniflare(
    convertV4MiniflareOptions({
      workers: [
        {
          ...miniflareWorker({
            deployment,
            script: bundle("src/worker.ts"),
            variables: { ...issuer.settings, ...NO_BUDGETS },
          }),
          queueProducers: { EVENTS: "events" },
        },
        {
          name: "consumer",
          modules: true,
          script: CONSUMER,
          compatibilityDate: deployment.compatibilityDate,
          bindings: { SINK: `http://127.0.0.1:${(sink.address() as AddressInfo).port}` },
          queueConsumers: { events: { maxBatchSize: 1, maxBatchTimeout: 0 } },
        },
      ],
      // Its database has no tables: events do not wait for the directory.
      handleStructuredLogs: () => undefined,
    }),
  );
  const server = {
    address: (await platform.unsafeGetDirectURL(deployment.name)).origin,
    token: issuer.token,
  } as Parameters<typeof owner>[0];
  const signer = await newSigner();
  const ivan = await owner(server, "ivan", signer);
  await ivan.publish(await sampleKeyPackages({ identity: "ivan", signer, count: 1 }));
  const arrival = once(sink, "message");
  expect((await (await claimer(server, "ivan"))()).status).toBe("claimed");
  const [message] = await arrival;
  expect(message).toMatchObject({
    id: expect.stringMatching(/^evt_/),
    type: "key_packages.exhausted",
    data: { user: "ivan", client: "phone", cause: "claim", available: 0 },
  });
});
