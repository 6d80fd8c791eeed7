/**
 * The Chromium that the machine has (Debian's package `chromium`, which `.ci/run` installs), driven by playwright-core.
 * No browser is downloaded.
 */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { describe, it } from "vitest";

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const executablePath = process.env.CHROMIUM || PLACES.find((place) => existsSync(place));

const MISSING = `no Chromium in ${PLACES.join(", ")}; install Debian's package chromium, or set CHROMIUM to its path`;

/**
 * Tests that need a browser. Without one they are skipped, with the reason in their name and on stderr; in CI its
 * absence is a failure.
 */
export function inChromium(name: string, tests: () => void): void {
  if (executablePath !== undefined) describe(name, tests);
  else if (process.env.CI === "true") {
    it(`${name} (needs Chromium)`, () => {
      throw new Error(MISSING);
    });
  } else {
    console.warn(`SKIPPED: ${name}: ${MISSING}`);
    describe.skip(`${name} (skipped: ${MISSING})`, tests);
  }
}

export const launchOptions = () => ({
  ...(executablePath === undefined ? {} : { executablePath }),
  // Playwright would end the process of the tests with 130 on Ctrl-C, before they have ended their servers.
  handleSIGINT: false,
});

export const launch = (): Promise<Browser> => chromium.launch(launchOptions());
