/** What the tests of an app in a page need: an origin that serves it, a directory that names that origin, a browser. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { type Server, startServer } from "../../node/support/started-directory.ts";
import { launch } from "./chromium.ts";
import { type Origin, pageOf, serveOrigin } from "./origin.ts";
import { type Watch, watch } from "./watch.ts";

export type Stage = {
  readonly origin: Origin;
  readonly directory: Server;
  readonly browser: Browser;
  /** A profile of its own for each test. */
  readonly context: BrowserContext;
  /** What its pages complain of; what a test does not take fails it. */
  readonly pages: Watch;
  /** A tab with the app, from its own origin or from another. */
  readonly open: (from?: Origin) => Promise<Page>;
};

/**
 * Sets the stage for the tests of a `describe`: the app, settings of the directory, and what else the origin serves. What
 * it returns gives the stage of the test that runs.
 */
export function onStage(
  app: string,
  settings: Readonly<Record<string, string>> = {},
  files: Readonly<Record<string, Uint8Array>> = {},
): () => Stage {
  let folder: string;
  let origin: Origin;
  let directory: Server;
  let browser: Browser;
  let stage: Stage;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "kpd-browser-"));
    origin = await serveOrigin({ ...(await pageOf(app)), ...files });
    directory = await startServer(folder, { CORS_ORIGINS: origin.origin, ...settings });
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await directory?.kill();
    await origin?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    const context = await browser.newContext();
    const open = async (from = origin) => {
      const page = await context.newPage();
      await page.goto(`${from.origin}/app.html`);
      return page;
    };
    stage = { origin, directory, browser, context, pages: watch(context), open };
  });
  afterEach(async () => {
    expect(await stage.pages.rest()).toEqual([]);
    await stage.context.close();
  });
  return () => stage;
}
