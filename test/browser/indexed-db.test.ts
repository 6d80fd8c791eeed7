/** Storage in a real IndexedDB: what a write promises, and what the browser promises. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { descendants, killNow, readProc } from "../../tools/lib/process-tree.ts";
import { untilEnded } from "../node/support/started-directory.ts";
import type { app } from "./apps/page-device.ts";
import { callApp } from "./support/call-app.ts";
import { inChromium, launch, launchOptions } from "./support/chromium.ts";
import { type Origin, pageOf, serveOrigin } from "./support/origin.ts";
import { type Watch, watch } from "./support/watch.ts";

inChromium("storage in IndexedDB", () => {
  let origin: Origin;
  let profile: string;
  let pages: Watch;

  beforeAll(async () => {
    origin = await serveOrigin(await pageOf("page-device.ts"));
  });
  afterAll(() => origin.close());
  beforeEach(() => {
    profile = mkdtempSync(join(tmpdir(), "kpd-profile-"));
  });
  afterEach(() => rmSync(profile, { recursive: true, force: true }));

  /** A browser with a profile on disk, as a person has one. */
  async function open() {
    const context = await chromium.launchPersistentContext(profile, launchOptions());
    pages = watch(context);
    const page = await context.newPage();
    await page.goto(`${origin.origin}/app.html`);
    const session = await context.newCDPSession(page);
    return { context, page, session, call: callApp<typeof app>(page) };
  }

  async function close({ context }: Awaited<ReturnType<typeof open>>) {
    expect(await pages.rest()).toEqual([]);
    await context.close();
  }

  it("asks for writes that are on the disk when they resolve, and keeps them when the browser is killed", async () => {
    const before = await open();
    expect(await before.call("write", "installation", { "a/1": "one", "a/2": "two", b: "three" })).toEqual({
      durabilities: ["strict"],
    });
    expect(await before.call("write", "installation", { "a/2": "" })).toEqual({ durabilities: ["strict"] });
    const closed = before.context.waitForEvent("close");
    const browser = descendants(process.pid).filter((pid) => readProc(`${pid}/cmdline`)?.includes(profile));
    expect(browser.length).toBeGreaterThan(0);
    for (const pid of browser) killNow(pid);
    await closed;
    await untilEnded(browser);

    const after = await open();
    expect(await after.call("read", "installation", "")).toEqual({ "a/1": "one", b: "three" });
    expect(await after.call("read", "installation", "a/")).toEqual({ "a/1": "one" });
    expect(await after.call("read", "another", "")).toEqual({});
    await close(after);
  });

  it("stores all of a write or nothing when there is no room for it", async () => {
    // Chromium keeps to a quota that is set from outside where a profile is in memory.
    const browser = await launch();
    const context = await browser.newContext();
    pages = watch(context);
    const page = await context.newPage();
    await page.goto(`${origin.origin}/app.html`);
    const call = callApp<typeof app>(page);
    const session = await context.newCDPSession(page);
    await session.send("Storage.overrideQuotaForOrigin", { origin: origin.origin, quotaSize: 500_000 });
    await call("write", "installation", { kept: "as it was" });
    expect(await call("writeLarge", "installation", 5_000_000)).toEqual({ code: "storage_failed" });
    expect(await call("read", "installation", "")).toEqual({ kept: "as it was" });
    expect(await pages.rest()).toEqual([]);
    await browser.close();
  });

  it("says whether the browser promised not to evict it", async () => {
    const browser = await open();
    expect(await browser.call("isPersisted", "installation")).toBe(false);
    await browser.session.send("Browser.grantPermissions", { origin: origin.origin, permissions: ["durableStorage"] });
    expect(await browser.call("isPersisted", "installation")).toBe(true);
    await close(browser);
  });
});
