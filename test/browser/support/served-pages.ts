/** The web pages as `npm start` serves them, in every window and light that people have. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axeCore from "axe-core";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { type Server, startServer } from "../../node/support/started-directory.ts";
import { launch } from "./chromium.ts";
import { type Watch, watch } from "./watch.ts";

export const WINDOWS = [
  { width: 360, height: 740, scheme: "light" },
  { width: 360, height: 740, scheme: "dark" },
  { width: 1440, height: 900, scheme: "light" },
  { width: 1440, height: 900, scheme: "dark" },
] as const;
export type Window = (typeof WINDOWS)[number];

export type Visit = {
  readonly directory: Server;
  readonly context: BrowserContext;
  readonly page: Page;
  readonly said: Watch;
  /** Every request that left the pages, as "METHOD url". */
  readonly requests: readonly string[];
};

/** A directory for the tests of a `describe` with these settings, and a browser profile of its own for each of them. */
export function onPages(
  settings: () => Readonly<Record<string, string>> = () => ({}),
): (path: string, window?: Window, options?: BrowserContextOptions) => Promise<Visit> {
  let folder: string;
  let directory: Server;
  let browser: Browser;
  const visits: Visit[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "kpd-pages-"));
    directory = await startServer(folder, settings());
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await directory?.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    visits.length = 0;
  });
  // A page that works prints nothing: a violation of the policy would be a message too.
  afterEach(async () => {
    for (const { said, context } of visits) {
      expect(await said.rest()).toEqual([]);
      await context.close();
    }
  });
  return async (path, { width, height, scheme } = WINDOWS[2], options = {}) => {
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: scheme,
      reducedMotion: "reduce",
      ...options,
    });
    // A page that knows of no workers does not try to register one, which would print that it was blocked.
    if (options.serviceWorkers === "block") await context.addInitScript("delete Navigator.prototype.serviceWorker");
    const said = watch(context);
    const requests: string[] = [];
    context.on("request", (request) => requests.push(`${request.method()} ${request.url()}`));
    const page = await context.newPage();
    const visit = { directory, context, page, said, requests };
    visits.push(visit);
    await page.goto(`${directory.address}${path}`);
    return visit;
  };
}

/** What axe finds wrong with the page as it is now, one line each. */
export async function axeFindings(page: Page): Promise<string[]> {
  // Evaluated, not added to the page: the policy of the page would forbid that.
  await page.evaluate(axeCore.source);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run: () => Promise<{
          violations: { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }[];
        }>;
      };
    };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, failureSummary = "" }) => `${id}: ${help}: ${html.slice(0, 160)} ${failureSummary}`),
    );
  });
}

/**
 * Waits until the pages' worker keeps these: a path as it is, or an asset that has this in its name. Not by
 * `waitForFunction`: to it a promise is an answer at once, and what it asks again is `eval`, which the pages forbid.
 */
export async function untilKept(page: Page, ...wanted: readonly string[]): Promise<void> {
  await page.evaluate("navigator.serviceWorker.ready");
  await page.evaluate(`new Promise((resolve) => {
    const isOf = (path) => (part) => path === part || (path.startsWith("/assets/") && path.includes(part));
    const look = async () => {
      const kept = (await (await caches.open("pages-1")).keys()).map(({ url }) => new URL(url).pathname);
      if (${JSON.stringify(wanted)}.every((part) => kept.some((path) => isOf(path)(part)))) resolve();
      else setTimeout(look, 20);
    };
    look();
  })`);
}

/** By how many pixels the page is wider than its window. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate("Math.max(0, document.documentElement.scrollWidth - innerWidth)");

/**
 * How much of what was seen has moved since the page was opened, as browsers count it; 0 is not at all. An observer is
 * not called where nothing has; what has, it is told of before the second frame from now.
 */
export const layoutShift = (page: Page): Promise<number> => page.evaluate(LAYOUT_SHIFT);

/** As text: the types of a page are not those of these tests. */
const LAYOUT_SHIFT = `new Promise((resolve) => {
  new PerformanceObserver((list) => {
    resolve(list.getEntries().reduce((total, { value }) => total + value, 0));
  }).observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(0)));
})`;
