/** What every page has: the switch between light and dark, and a copy of itself for when there is no network. */
import { byId } from "./dom.ts";

const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

/** `all`: when everything is loaded that the page needs to go on without a network. */
export function startShell(all: Promise<unknown> = whenIdle()): void {
  const button = byId<HTMLButtonElement>("theme");
  let theme = storedTheme();
  showTheme(button, theme);
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
    localStorage.setItem("theme", theme);
    showTheme(button, theme);
  });
  // What could not be loaded is said where it is used. Without a worker the page works all the same, as long as there is
  // a network.
  const loaded = all.catch(() => undefined);
  if ("serviceWorker" in navigator && window.isSecureContext) {
    loaded.then(keepForLater).catch(() => undefined);
  }
}

/** When the page is there and has nothing else to do, so that what is not needed for it does not hold it up. */
export const whenIdle = (): Promise<void> =>
  new Promise((resolve) => {
    // Safari does not have the first.
    const wait = () => (globalThis.requestIdleCallback ?? setTimeout)(() => resolve());
    if (document.readyState === "complete") wait();
    else window.addEventListener("load", wait, { once: true });
  });

/** The worker keeps what is asked for from now on; what was loaded before, or is under way, it is told. */
async function keepForLater(): Promise<void> {
  await navigator.serviceWorker.register("/sw.js");
  const { active } = await navigator.serviceWorker.ready;
  active?.postMessage([location.pathname]);
  new PerformanceObserver((list) => {
    const loaded = list.getEntries().map(({ name }) => new URL(name));
    const own = loaded.filter(({ origin }) => origin === location.origin).map(({ pathname }) => pathname);
    active?.postMessage(own);
  }).observe({ type: "resource", buffered: true });
}

function storedTheme(): Theme {
  const stored = localStorage.getItem("theme");
  return THEMES.find((theme) => theme === stored) ?? "system";
}

function showTheme(button: HTMLButtonElement, theme: Theme): void {
  const { dataset } = document.documentElement;
  if (theme === "system") delete dataset.theme;
  else dataset.theme = theme;
  button.dataset.theme = theme;
  button.setAttribute("aria-label", `Theme: ${theme}`);
  button.title = `Theme: ${theme}`;
}
