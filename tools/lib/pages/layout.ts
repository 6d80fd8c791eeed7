/** What all pages have around their content. */

/** Addresses of files, from the root of the site. */
export type Bundle = {
  readonly script: string;
  /** What the script imports, to be fetched with it and not after it. */
  readonly preload: readonly string[];
  readonly styles: readonly string[];
};

export type PageContent = {
  readonly title: string;
  readonly description: string;
  /** The path of the page. */
  readonly at: string;
  readonly bundle: Bundle;
  /** HTML. */
  readonly main: string;
};

const SITE = "MLS Key Directory";

const PLACES = [
  ["/", "Inspector"],
  ["/docs", "Docs"],
  ["/docs/reference", "API"],
  ["/console", "Console"],
] as const;

/** A whole page. */
export function layout({ title, description, at, bundle, main }: PageContent): string {
  const links = PLACES.map(
    ([path, name]) => `<a href="${path}"${path === placeOf(at) ? ' aria-current="page"' : ""}>${name}</a>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · ${SITE}</title>
<meta name="description" content="${escapeHtml(description)}">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<script src="/theme.js"></script>
${bundle.styles.map((file) => `<link rel="stylesheet" href="${file}">`).join("\n")}
${bundle.preload.map((file) => `<link rel="modulepreload" href="${file}">`).join("\n")}
<script type="module" src="${bundle.script}"></script>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="/"><img src="/favicon.svg" alt="" width="24" height="24"><span>${SITE}</span></a>
<nav aria-label="Pages">${links.join("")}</nav>
<button id="theme" type="button" aria-label="Theme: system"></button>
</header>
<main id="main" tabindex="-1">
${main}
</main>
<div id="announcer" class="unseen" role="status"></div>
</body>
</html>
`;
}

/** The place whose path is the longest beginning of this one. */
const placeOf = (at: string): string | undefined =>
  PLACES.map(([path]) => path)
    .filter((path) => at === path || (path !== "/" && at.startsWith(`${path}/`)))
    .toSorted((a, b) => b.length - a.length)[0];

/** Text as it is written in HTML, in an attribute too. */
export const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
