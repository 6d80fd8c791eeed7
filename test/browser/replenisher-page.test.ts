/**
 * The Replenisher in pages whose private keys are in a real IndexedDB: tabs that are killed, two tabs at once, storage
 * that is full or was evicted, clocks that are off. Every fault at every call, in all ways, is in
 * test/node/client/replenisher-faults.test.ts.
 */
import type { Page } from "playwright-core";
import { beforeEach, expect, it } from "vitest";
import { nobleCrypto, SignatureScheme } from "../../src/mls/index.ts";
import { claimer } from "../node/support/publisher-and-claimer.ts";
import type { app, Device } from "./apps/page-device.ts";
import { callApp } from "./support/call-app.ts";
import { inChromium } from "./support/chromium.ts";
import { onStage } from "./support/stage.ts";

const TARGET = 3;
const SETTINGS = { STOCK_TARGET: String(TARGET), STOCK_LOW_WATERMARK: "2", MAX_KEY_PACKAGES_PER_REQUEST: "3" };
const FULL = { good: [[TARGET, true]], problems: [] };

type Tab = ReturnType<typeof callApp<typeof app>>;

const never = new Promise<never>(() => {});

/** Ends the process of a tab, as the system does when memory is short. Nothing of it runs on. */
async function kill(page: Page): Promise<void> {
  const crashed = page.waitForEvent("crash");
  const session = await page.context().newCDPSession(page);
  // Nobody is left to answer.
  session.send("Page.crash").catch(() => undefined);
  await crashed;
  await page.close();
}

async function newKeys() {
  const { privateKey, publicKey } = await nobleCrypto.generateSignatureKeyPair(SignatureScheme.ed25519);
  return { privateKey: [...privateKey], publicKey: [...publicKey] };
}

inChromium("a device in a page", () => {
  const stage = onStage("page-device.ts", SETTINGS);
  let onStep: (step: string, page: Page) => Promise<void>;
  let users = 0;

  beforeEach(async () => {
    const { context, directory } = stage();
    onStep = async () => {};
    await context.exposeFunction("tokenFor", (user: string, scope: string) => directory.token(user, "phone", scope));
    await context.exposeBinding("atStep", ({ page }, step: string) => onStep(step, page));
  });

  const tab = async () => callApp<typeof app>(await stage().open());

  /** A device of a user that no other test has. */
  async function newDevice(): Promise<Device> {
    return { url: stage().directory.address, user: `user-${++users}`, keys: await newKeys() };
  }

  /** Packages that others took, by reference. */
  async function taken(user: string, count: number): Promise<string[]> {
    const claim = await claimer(stage().directory, user);
    const refs: string[] = [];
    while (refs.length < count) refs.push((await claim()).key_package_ref ?? "none");
    return refs;
  }

  /**
   * Has a run die after its n-th step, for every n, and looks at what the next tab finds and makes of it. `prepare` gives
   * the device as it begins, and what a Welcome may still be addressed to; `count` how many of the steps matter.
   */
  async function diesAtEachStep(
    prepare: (call: Tab) => Promise<{ device: Device; claimed: readonly string[] }>,
    count = (steps: readonly string[]) => steps.length,
  ) {
    const steps: string[] = [];
    let last = Number.POSITIVE_INFINITY;
    onStep = async (step, page) => {
      steps.push(step);
      if (steps.length < last) return;
      await kill(page);
      await never;
    };
    const first = await tab();
    const { device: whole } = await prepare(first);
    await first("replenish", { ...whole, watched: true });
    const all = [...steps];
    expect(all.filter((step) => step === "POST").length).toBeGreaterThanOrEqual(3);

    // The tab that has looked after the last one is the next to be killed.
    let doomed = first;
    for (last = 1; last <= count(all); last++) {
      const where = `killed after ${all[last - 1]}, step ${last}`;
      const { device, claimed } = await prepare(doomed);
      steps.length = 0;
      await expect(doomed("replenish", { ...device, watched: true }), where).rejects.toThrow();
      const next = await tab();
      const found = (await next("check", device)).problems.map(({ kind }) => kind);
      expect(found, where).not.toContain("bad_package");
      expect(found, where).not.toContain("unknown_packages");
      expect(await next("replenish", device), where).toMatchObject({ pruned: 0, repeated: 0 });
      expect(await next("check", device), where).toEqual(FULL);
      expect(await next("replenish", device), where).toMatchObject({ made: 0 });
      for (const ref of claimed) expect(await next("open", device, ref), where).toBe(true);
      doomed = next;
    }
  }

  it("that is killed at any step of its first run has private keys for all that is on offer, and uploads nothing twice", async () => {
    await diesAtEachStep(async () => ({ device: await newDevice(), claimed: [] }));
  });

  it("that is killed while it rotates its key has private keys for all that is on offer, and for what was claimed", async () => {
    const prepare = async (call: Tab) => {
      const device = await newDevice();
      await call("replenish", device);
      const claimed = await taken(device.user, 2);
      return { device: { ...device, keys: await newKeys() }, claimed };
    };
    // Up to the note that the new key is registered: what follows is as in a first run.
    await diesAtEachStep(prepare, (steps) => steps.lastIndexOf("PUT") + 2);
    // The new key is refused as long as the registration with the old one is not ended; after that there is none.
    stage().pages.take(/Failed to load resource.*409/);
    stage().pages.take(/Failed to load resource.*404/);
  });

  it("fills its stock once when two tabs begin at the same time", async () => {
    const device = await newDevice();
    const tabs = [await tab(), await tab()];
    const runs = await Promise.all(tabs.map((call) => call("replenish", device)));
    expect(runs.map(({ made }) => made).toSorted()).toEqual([0, TARGET + 1]);
    expect(await tabs[0]?.("check", device)).toEqual(FULL);
  });

  it("goes on in the second tab when the first is closed in the middle of its run", async () => {
    const { open } = stage();
    const device = await newDevice();
    const reached = Promise.withResolvers<void>();
    onStep = async (step) => {
      // In stock, and not known to be.
      if (step !== "POST" || ++posts < 2) return;
      reached.resolve();
      await never;
    };
    let posts = 0;
    const first = await open();
    const cut = expect(callApp<typeof app>(first)("replenish", { ...device, watched: true })).rejects.toThrow();
    await reached.promise;
    const second = await tab();
    const waiting = second("replenish", device);
    await first.close();
    await cut;
    expect(await waiting).toEqual({ made: 1, uploaded: 1, pruned: 0, repeated: 0 });
    expect(await second("check", device)).toEqual(FULL);
  });

  it("uploads nothing when its storage is full, and goes on when there is room", async () => {
    const { context, origin, open } = stage();
    const device = await newDevice();
    const page = await open();
    const call = callApp<typeof app>(page);
    const session = await context.newCDPSession(page);
    // Before the first write: Chromium remembers for a while how much room there was. A package takes some hundred bytes.
    await session.send("Storage.overrideQuotaForOrigin", { origin: origin.origin, quotaSize: 1_000 });
    expect(await call("replenish", device)).toEqual({ code: "storage_failed" });
    await session.send("Storage.overrideQuotaForOrigin", { origin: origin.origin });
    expect(await taken(device.user, 1)).toEqual(["none"]);
    expect(await call("replenish", device)).toMatchObject({ made: TARGET + 1, repeated: 0 });
    expect(await call("check", device)).toEqual(FULL);
  });

  it("withdraws what it has on offer when the browser has evicted its private keys", async () => {
    const { context, origin, open } = stage();
    const device = await newDevice();
    const page = await open();
    const call = callApp<typeof app>(page);
    await call("replenish", device);
    const session = await context.newCDPSession(page);
    await session.send("Storage.clearDataForOrigin", { origin: origin.origin, storageTypes: "indexeddb" });
    expect(await call("replenish", device)).toMatchObject({ pruned: TARGET + 1, made: TARGET + 1 });
    expect(await call("check", device)).toEqual(FULL);
  });

  it.each([-3_600_000, 3_600_000])("is reachable with a clock that is off by %i ms", async (offsetMs) => {
    const device = { ...(await newDevice()), offsetMs };
    const call = await tab();
    expect(await call("replenish", device)).toMatchObject({ made: TARGET + 1, uploaded: TARGET + 1 });
    // The first proof of possession is too old or too new, and the refusal has the directory's time.
    stage().pages.take(/Failed to load resource.*422/);
    expect(await call("check", { ...device, offsetMs: 0 })).toEqual(FULL);
    const [ref = ""] = await taken(device.user, 1);
    expect(await call("open", device, ref)).toBe(true);
  });
});
