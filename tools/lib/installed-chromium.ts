/** The Chromium that the machine has, for playwright-core. No browser is downloaded. */
import { existsSync } from "node:fs";

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Undefined where there is none. */
export const installedChromium: string | undefined = process.env.CHROMIUM || PLACES.find((place) => existsSync(place));

export const NO_CHROMIUM = `no Chromium in ${PLACES.join(", ")}; install Debian's package chromium, or set CHROMIUM to its path`;
