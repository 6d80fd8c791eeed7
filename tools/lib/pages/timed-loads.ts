/**
 * How soon the inspector can be used on a slow phone: loaded again and again in Chromium, each time as if for the first
 * time, over the network of a slow 4G and with a processor that is slowed down.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Browser, chromium } from "playwright-core";
import { installedChromium, NO_CHROMIUM } from "../installed-chromium.ts";

/** What Lighthouse takes for a slow 4G, and for a phone beside a desktop computer. */
export const SLOW = { latencyMs: 150, downloadBitsPerSecond: 1_600_000, uploadBitsPerSecond: 750_000, timesSlower: 4 };

/** Milliseconds since the address was opened. */
export type Load = {
  /** The form is there, and what is put into it is heard. */
  readonly usable: number;
  /** The verdict on a package in the address is there. */
  readonly verdict: number;
};

/** Loads of the pages that were built into the folder, one after the other. `keyPackage` is in hex. */
export async function timedLoads(folder: string, keyPackage: string, loads: number): Promise<readonly Load[]> {
  if (installedChromium === undefined) throw new Error(`expected a browser, found ${NO_CHROMIUM}`);
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
    const name = pathname === "/" ? "index.html" : pathname.slice(1);
    const type = TYPES[extname(name)];
    if (type === undefined || name.includes("..")) response.writeHead(404).end();
    // Compressed as the platform does it.
    else
      response
        .writeHead(200, { "Content-Type": type, "Content-Encoding": "gzip" })
        .end(gzipSync(readFileSync(join(folder, name))));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const browser = await chromium.launch({ executablePath: installedChromium });
  try {
    const timed: Load[] = [];
    for (let load = 0; load < loads; load++) {
      const usable = await timeOf(browser, address, USABLE);
      const verdict = await timeOf(browser, `${address}#kp=${keyPackage}`, VERDICT);
      timed.push({ usable, verdict });
    }
    return timed;
  } finally {
    await browser.close();
    server.close();
  }
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** A profile of its own for each load: nothing is in a cache. `expression` resolves with the time. */
async function timeOf(browser: Browser, address: string, expression: string): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 } });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: SLOW.latencyMs,
    downloadThroughput: SLOW.downloadBitsPerSecond / 8,
    uploadThroughput: SLOW.uploadBitsPerSecond / 8,
  });
  await session.send("Emulation.setCPUThrottlingRate", { rate: SLOW.timesSlower });
  await page.addInitScript(WATCH_VERDICT);
  await page.goto(address, { waitUntil: "commit" });
  const time = Number(await page.evaluate(expression));
  await context.close();
  return time;
}

/** Scripts of modules have run before this event; what they listen to is heard from then on. */
const USABLE = `new Promise((resolve) => {
  const look = () => {
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    const [{ domContentLoadedEventStart: heard }] = performance.getEntriesByType("navigation");
    if (paint && heard > 0) resolve(Math.max(paint.startTime, heard));
    else setTimeout(look, 5);
  };
  look();
})`;

const WATCH_VERDICT = `globalThis.verdictAt = new Promise((resolve) => {
  new MutationObserver((_, observer) => {
    if (document.querySelector("#verdict") === null) return;
    observer.disconnect();
    resolve(performance.now());
  }).observe(document, { childList: true, subtree: true });
});`;
const VERDICT = "globalThis.verdictAt";
