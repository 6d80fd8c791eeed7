/** Tests in the Chromium that the machine has (Debian's package `chromium`, which `.ci/run` installs). */
import { type Browser, chromium } from "playwright-core";
import { describe, it } from "vitest";
import { installedChromium, NO_CHROMIUM } from "../../../tools/lib/installed-chromium.ts";

/**
 * Tests that need a browser. Without one they are skipped, with the reason in their name and on stderr; in CI its
 * absence is a failure.
 */
export function inChromium(name: string, tests: () => void): void {
  if (installedChromium !== undefined) describe(name, tests);
  else if (process.env.CI === "true") {
    it(`${name} (needs Chromium)`, () => {
      throw new Error(NO_CHROMIUM);
    });
  } else {
    console.warn(`SKIPPED: ${name}: ${NO_CHROMIUM}`);
    describe.skip(`${name} (skipped: ${NO_CHROMIUM})`, tests);
  }
}

export const launchOptions = () => ({
  ...(installedChromium === undefined ? {} : { executablePath: installedChromium }),
  // Playwright would end the process of the tests with 130 on Ctrl-C, before they have ended their servers.
  handleSIGINT: false,
});

export const launch = (): Promise<Browser> => chromium.launch(launchOptions());
