/** What every page has: the switch between light and dark, and a copy of itself for when there is no network. */
import { byId } from "./dom.ts";

const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

export function startShell(): void {
  const button = byId<HTMLButtonElement>("theme");
  let theme = storedTheme();
  showTheme(button, theme);
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
    localStorage.setItem("theme", theme);
    showTheme(button, theme);
  });
  // Without a worker the page works all the same, as long as there is a network.
  if ("serviceWorker" in navigator && window.isSecureContext) {
    keepForLater().catch(() => undefined);
  }
}

/** The worker keeps what is loaded from now on; what was loaded before it came, it is told. */
async function keepForLater(): Promise<void> {
  await navigator.serviceWorker.register("/sw.js");
  const { active } = await navigator.serviceWorker.ready;
  const loaded = performance.getEntriesByType("resource").map(({ name }) => new URL(name));
  const own = loaded.filter(({ origin }) => origin === location.origin).map(({ pathname }) => pathname);
  active?.postMessage([location.pathname, ...own]);
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
