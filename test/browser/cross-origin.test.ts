/** Pages of other origins in a real browser: what the service answers to them (CORS), and what the SDK does there. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { app } from "./apps/publish-and-claim.ts";
import { callApp } from "./support/call-app.ts";
import { inChromium } from "./support/chromium.ts";
import { type Origin, pageOf, serveOrigin } from "./support/origin.ts";
import { onStage } from "./support/stage.ts";

const APP = "publish-and-claim.ts";

inChromium("a page from another origin", () => {
  const stage = onStage(APP, { STOCK_TARGET: "5", STOCK_LOW_WATERMARK: "2" });
  let unnamed: Origin;
  beforeAll(async () => {
    unnamed = await serveOrigin(await pageOf(APP));
  });
  afterAll(() => unnamed.close());

  async function caller(user: string) {
    const token = (scope: string) => stage().directory.token(user, "phone", scope);
    const [publish, claim] = await Promise.all([token("key-packages:publish"), token("key-packages:claim")]);
    return { user, tokens: { "key-packages:publish": publish, "key-packages:claim": claim } };
  }

  /** A request with what a page must ask for before: a header of its own, and a body that no form can send. */
  async function claimRequest(key: string) {
    const { tokens } = await caller("bob");
    const headers = {
      Authorization: `Bearer ${tokens["key-packages:claim"]}`,
      "Content-Type": "application/json",
      "Idempotency-Key": key,
    };
    return { method: "POST", headers, body: "{}" };
  }

  it("registers, publishes and claims with the SDK", async () => {
    const { directory, open } = stage();
    const call = callApp<typeof app>(await open());
    const done = await call("publishAndClaim", directory.address, await caller("anna"), await caller("bob"));
    expect(done).toEqual({ uploaded: 6, claimed: 1, rejected: 0, opened: true, reachable: true });
  });

  it("is preflighted, claims without the SDK, and reads the headers that a client needs", async () => {
    const { directory, context, open } = stage();
    const page = await open();
    const call = callApp<typeof app>(page);
    await call("publish", directory.address, await caller("carol"));
    const network = await context.newCDPSession(page);
    await network.send("Network.enable");
    const methods: string[] = [];
    network.on("Network.requestWillBeSent", ({ request }) => methods.push(request.method));
    const url = `${directory.address}/v1/users/carol/claims`;
    const first = await call("request", url, await claimRequest("a"));
    const second = await call("request", url, await claimRequest("a"));
    // The browser keeps the answer to the preflight for the second one.
    expect(methods.toSorted()).toEqual(["OPTIONS", "POST", "POST"]);
    expect([first.status, second.status, second.body]).toEqual([200, 200, first.body]);
    expect(first.headers["x-request-id"]).toBeTypeOf("string");
    expect([first.headers["idempotent-replayed"], second.headers["idempotent-replayed"]]).toEqual([undefined, "true"]);
  });

  it("reads why it was refused", async () => {
    const { directory, open, pages } = stage();
    const call = callApp<typeof app>(await open());
    const { status, body } = await call("request", `${directory.address}/v1/users/nobody/claims`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: "{}",
    });
    expect([status, JSON.parse(body).code]).toEqual([401, "token_missing"]);
    pages.take(/Failed to load resource.*401/);
  });

  it("that the deployment does not name reads nothing, and takes no package", async () => {
    const { directory, open, pages } = stage();
    const call = callApp<typeof app>(await open());
    await call("publish", directory.address, await caller("dave"));
    const stock = async () => {
      const url = `${directory.address}/v1/users/dave/clients/phone/inventory`;
      const token = await directory.token("dave", "phone", "key-packages:publish");
      const answer = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
      return ((await answer.json()) as { inventory: { ciphersuite: number; available: number }[] }).inventory;
    };
    const before = await stock();
    const stranger = callApp<typeof app>(await open(unnamed));
    const claim = stranger("request", `${directory.address}/v1/users/dave/claims`, await claimRequest("b"));
    await expect(claim).rejects.toThrow("Failed to fetch");
    pages.take(/blocked by CORS policy/);
    pages.take(/Failed to load resource/);
    expect(await stock()).toEqual(before);
  });
});
