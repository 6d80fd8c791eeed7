/** Links of the docs that lead out: which there are, and what becomes of whoever follows one. */
import { pause } from "../../src/shared/pause.ts";
import { renderMarkdown } from "./pages/markdown.ts";

type Page = { readonly file: string; readonly text: string };

/** An address, and the files that lead there. */
export type OutsideLink = { readonly url: string; readonly files: readonly string[] };

/** Addresses that nobody answers at, and the project's own, whose files `test/node/web/docs.test.ts` looks for here. */
const PASSED_OVER = [
  /^https?:\/\/(?:[^/]+\.)?example(?:\.com|\.net|\.org)?(?:[:/]|$)/,
  /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?:[:/]|$)/,
  /^https:\/\/github\.com\/mls-key-directory\//,
];

/** Each address once, in the order of the alphabet. What is only shown as code is no link. */
export function outsideLinks(pages: readonly Page[]): OutsideLink[] {
  const files = new Map<string, Set<string>>();
  for (const { file, text } of pages) {
    // GitHub shows pictures of others, and the pages do not.
    const pictures = [...text.matchAll(/!\[[^\]]*\]\((https?:[^)\s]+)/g)];
    const links = [...renderMarkdown(text, (href) => href).html.matchAll(/href="(https?:[^"]*)"/g)];
    for (const [, found = ""] of [...links, ...pictures]) {
      const url = found.replaceAll("&amp;", "&");
      if (!PASSED_OVER.some((pattern) => pattern.test(url))) files.set(url, (files.get(url) ?? new Set()).add(file));
    }
  }
  return [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([url, of]) => ({ url, files: [...of].sort() }));
}

/**
 * `unclear`: there is a server, and it does not say whether there is a page, as where it wants no programs.
 * `unreachable`: nobody has answered.
 */
export type Verdict = { readonly verdict: "good" | "broken" | "unclear" | "unreachable"; readonly why: string };

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

const TIMEOUT_MS = 15_000;
const ATTEMPTS = 2;
/** Not to be told from a refusal of this program. */
const UNCLEAR = new Set([401, 403, 405, 429]);
/** Whose pages have the headings in their HTML, so that a fragment can be looked up. */
const FRAGMENTS_KNOWN = new Set(["www.rfc-editor.org", "datatracker.ietf.org"]);

/** Follows a link: HEAD first, then GET, and once more after a pause if neither is good. */
export async function follow(url: string, fetch: Fetch, pauseMs = 5_000): Promise<Verdict> {
  let last = await tryOnce(url, fetch);
  for (let attempt = 1; attempt < ATTEMPTS && last.verdict !== "good"; attempt++) {
    await pause(pauseMs);
    last = await tryOnce(url, fetch);
  }
  return last;
}

async function tryOnce(url: string, fetch: Fetch): Promise<Verdict> {
  const { hostname, hash } = new URL(url);
  const fragment = FRAGMENTS_KNOWN.has(hostname) ? decodeURIComponent(hash.slice(1)) : "";
  const ask = async (method: string) => {
    const answer = await fetch(url, { method, redirect: "follow", signal: AbortSignal.timeout(TIMEOUT_MS) });
    // The body of a page that is not read would keep the connection.
    const text = fragment !== "" && method === "GET" ? await answer.text() : await answer.body?.cancel();
    return { status: answer.status, ok: answer.ok, text: text ?? "" };
  };
  try {
    // Some answer HEAD with an error, or not at all.
    const head = fragment === "" ? await ask("HEAD").catch(() => undefined) : undefined;
    const { status, ok, text } = head?.ok ? head : await ask("GET");
    if (!ok) return { verdict: UNCLEAR.has(status) || status >= 500 ? "unclear" : "broken", why: `status ${status}` };
    if (fragment !== "" && !hasFragment(text, fragment)) return { verdict: "broken", why: `has no #${fragment}` };
    return { verdict: "good", why: `status ${status}` };
  } catch (error) {
    return { verdict: "unreachable", why: reasonOf(error) };
  }
}

const hasFragment = (html: string, fragment: string): boolean =>
  [`id="${fragment}"`, `id='${fragment}'`, `name="${fragment}"`, `name='${fragment}'`].some((at) => html.includes(at));

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
