/** The docs: a page for each Markdown file, the reference of the API, their front page, and the same as plain text. */
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { PROBLEMS, type ProblemCode } from "../../../src/http/refusals/problem-codes.ts";
import { RESULT_CODES } from "../../../src/http/resources/key-packages/result-codes.ts";
import { beginning } from "./beginning.ts";
import { exampleFiles } from "./example-files.ts";
import { type Bundle, escapeHtml, layout } from "./layout.ts";
import {
  type Heading,
  type Picture,
  type PictureSize,
  type Rendered,
  renderMarkdown,
  type Section,
} from "./markdown.ts";
import { withLinks } from "./markdown-twin.ts";
import { PROBLEM_ADVICE } from "./problem-advice.ts";
import { type ApiDescription, renderReference, withCode } from "./reference-page.ts";
import { referenceTwin } from "./reference-twin.ts";
import { type DocsGroup, type DocsPage, siteMap } from "./site-map.ts";

const REPOSITORY = "https://github.com/mls-key-directory/mls-key-directory/blob/main";
const HOME = "/docs";
const REFERENCE = { at: "/docs/reference", name: "API reference" } as const;
/** The page of the library's own reference has a heading for each name: too many to list beside it. */
const MOST_HEADINGS = 40;
/** Of the first paragraph, for search engines and language models. */
const DESCRIBED_CHARACTERS = 200;

type Page = DocsPage & { readonly text: string; readonly rendered: Rendered };

/** Contents by the path of their file below the folder of the pages. */
export function docsFiles(root: string, bundle: Bundle): Readonly<Record<string, string>> {
  const groups = siteMap(root);
  const places = new Map(groups.flatMap(({ pages }) => pages.map(({ file, at }) => [file, at] as const)));
  const twins = new Map([...places].map(([file, at]) => [file, `${at}.md`] as const));
  const examples = exampleFiles(root);
  const addressIn = (known: ReadonlyMap<string, string>, file: string) => (href: string) =>
    addressOf(root, known, file, href);
  const pages = groups
    .flatMap((group) => group.pages)
    .map((page): Page => {
      const text = readFileSync(join(root, page.file), "utf8");
      return {
        ...page,
        text,
        rendered: renderMarkdown(text, addressIn(places, page.file), (href) => pictureOf(root, page.file, href)),
      };
    });
  const api = JSON.parse(readFileSync(join(root, "src/http/openapi/openapi.json"), "utf8")) as ApiDescription;
  const reference = renderReference(api, HOME);
  const names = new Map(pages.map((page) => [page.at, nameOf(page)]));
  const nav = navigation(groups, names);
  const shell = (at: string, title: string, description: string, content: string, headings: readonly Heading[]) =>
    layout({ title, description, at, bundle, main: docsMain(nav(at), content, headings) });

  const files: Record<string, string> = {
    "docs.html": shell(
      HOME,
      "Documentation",
      "How to run, integrate and trust the MLS Key Directory.",
      home(groups, pages),
      [],
    ),
    "404.html": shell(
      "/404",
      "No such page",
      "There is nothing at this address.",
      `<h1>There is no such page</h1><p>Nothing is at this address. Search the docs, or begin at <a href="${HOME}">their overview</a> or with <a href="/">the inspector</a>.</p>`,
      [],
    ),
    "docs/reference.html": shell(
      REFERENCE.at,
      REFERENCE.name,
      "Every route, body and answer of the HTTP API.",
      `${twinLink(REFERENCE.at)}${reference.html}`,
      reference.headings,
    ),
    "docs/reference.md": referenceTwin(api),
    "docs/search.json": JSON.stringify(searchIndex(pages, reference.sections)),
    "llms.txt": llms(groups, pages),
    ...examples,
  };
  for (const [index, page] of pages.entries()) {
    const { at, text, rendered } = page;
    const headings = rendered.sections.map(({ heading }) => heading).filter(({ depth }) => depth === 2);
    const content = `${twinLink(at)}${rendered.html}${pager(pages, index)}`;
    files[`${at.slice(1)}.html`] = shell(
      at,
      rendered.title,
      beginning(rendered.lead, DESCRIBED_CHARACTERS),
      content,
      headings,
    );
    files[`${at.slice(1)}.md`] = withLinks(text, addressIn(twins, page.file));
  }
  return files;
}

const twinLink = (at: string): string => `<p class="twin note"><a href="${at}.md">Markdown</a></p>`;

/** Pages by their address here, everything else of the repository by its address there. */
function addressOf(root: string, places: ReadonlyMap<string, string>, file: string, href: string): string {
  if (/^(?:https?:|mailto:|#|\/)/.test(href)) return href;
  const [path = "", hash] = href.split("#");
  const target = posix.normalize(posix.join(posix.dirname(file), path)).replace(/\/$/, "");
  const anchor = hash === undefined ? "" : `#${hash}`;
  const isFile = /^docs\/(?:images|examples)\/.*\.\w+$/.test(target) && existsSync(join(root, target));
  if (isFile) return `/${target}`;
  const place = places.get(target) ?? places.get(`${target}/README.md`);
  if (place !== undefined) return `${place}${anchor}`;
  if (!existsSync(join(root, target))) return `/missing/${target}${anchor}`;
  return `${REPOSITORY}/${target}${anchor}`;
}

function pictureOf(root: string, file: string, href: string): Picture {
  const bytes = readFileSync(join(root, posix.dirname(file), href));
  return href.endsWith(".svg") ? { svg: bytes.toString("utf8") } : sizeOfPng(href, bytes);
}

const PNG_SIGNATURE = "\x89PNG\r\n\x1a\n";
/** PNG §11.2.2: after the signature and the head of its chunk, IHDR begins with both. */
const PNG_WIDTH_AT = 16;
const PNG_HEIGHT_AT = 20;

function sizeOfPng(name: string, bytes: Buffer): PictureSize {
  if (!bytes.toString("latin1").startsWith(PNG_SIGNATURE)) throw new Error(`expected an SVG or a PNG, got ${name}`);
  return { width: bytes.readUInt32BE(PNG_WIDTH_AT), height: bytes.readUInt32BE(PNG_HEIGHT_AT) };
}

const nameOf = ({ name, rendered }: Page): string => name ?? rendered.title.replace(/^(\d{4})\. /, "");

function navigation(groups: readonly DocsGroup[], names: ReadonlyMap<string, string>) {
  return (current: string): string => {
    const link = (at: string, name: string, isBelow = false) =>
      `<li${isBelow ? ' class="below"' : ""}><a href="${at}"${at === current ? ' aria-current="page"' : ""}>${escapeHtml(name)}</a></li>`;
    const lists = groups.map(({ title, pages }) => {
      const links = pages
        // Pages below another are listed where they are looked for: beside it and beside each other.
        .filter(({ at }) => isTop(at) || current.startsWith(parentOf(at)))
        .map(({ at }) => ({ at, name: names.get(at) ?? at }));
      const items = withReference(title, links).map(({ at, name }) => link(at, name, !isTop(at)));
      return `<h2>${title}</h2><ul>${items.join("")}</ul>`;
    });
    return `<ul>${link(HOME, "Overview")}</ul>${lists.join("")}`;
  };
}

type Link = { readonly at: string; readonly name: string };

/** The reference of the API is no file of docs/, and comes first where one integrates. */
const withReference = (title: string, links: readonly Link[]): readonly Link[] =>
  title === "Integrate" ? [REFERENCE, ...links] : links;

const isTop = (at: string): boolean => at.split("/").length === 3;
const parentOf = (at: string): string => at.slice(0, at.lastIndexOf("/"));

function docsMain(nav: string, content: string, headings: readonly Heading[]): string {
  const shown = headings.length > MOST_HEADINGS ? [] : headings;
  const onThisPage =
    shown.length < 2
      ? ""
      : `<nav class="toc" aria-label="On this page"><h2>On this page</h2><ul>${shown
          .map(({ id, text }) => `<li><a href="#${id}">${escapeHtml(text)}</a></li>`)
          .join("")}</ul></nav>`;
  return `<div class="docs">
<div class="docs-side">
<form class="search" role="search" id="search-form"><label class="unseen" for="search">Search the docs</label><input id="search" type="search" placeholder="Search the docs" autocomplete="off"><kbd aria-hidden="true">/</kbd></form>
<div id="search-results" hidden></div>
<a class="to-pages" href="#pages">All pages</a>
</div>
<article class="prose">
${content}
</article>
${onThisPage}
<nav class="docs-nav" id="pages" aria-label="Docs">${nav}</nav>
</div>`;
}

function pager(pages: readonly Page[], index: number): string {
  const link = (page: Page | undefined, label: string, rel: string) =>
    page === undefined
      ? "<span></span>"
      : `<a rel="${rel}" href="${page.at}"><small>${label}</small>${escapeHtml(nameOf(page))}</a>`;
  return `<nav class="pager" aria-label="Next to this page">${link(pages[index - 1], "Before", "prev")}${link(pages[index + 1], "Next", "next")}</nav>`;
}

/** What there is, and every problem code: the `type` of a problem leads here. */
function home(groups: readonly DocsGroup[], pages: readonly Page[]): string {
  const cards = groups.map(({ title, pages: own }) => {
    const links = own
      .filter(({ at }) => isTop(at))
      .flatMap(({ at }) => pages.filter((page) => page.at === at))
      .map((page) => ({ at: page.at, name: nameOf(page) }));
    const items = withReference(title, links).map(({ at, name }) => `<li><a href="${at}">${escapeHtml(name)}</a></li>`);
    return `<section class="card"><h2>${title}</h2><ul>${items.join("")}</ul></section>`;
  });
  const codes = Object.entries(PROBLEMS).map(
    ([code, { status, title }]) =>
      `<tr id="${code}"><td>${breakable(code)}</td><td>${status}</td><td>${escapeHtml(title)}</td><td>${withCode(PROBLEM_ADVICE[code as ProblemCode])}</td></tr>`,
  );
  const results = Object.entries(RESULT_CODES).map(
    ([code, meaning]) => `<tr id="${resultId(code)}"><td>${breakable(code)}</td><td>${escapeHtml(meaning)}</td></tr>`,
  );
  return `<h1>Documentation</h1>
<p class="lead">Devices publish MLS KeyPackages ahead of time; others claim each of them once, to add a device that is offline to a group. <a href="/docs/quickstart">Run one in two commands</a>, read <a href="/docs/http-api">how to call it</a>, or look into a package with the <a href="/">inspector</a>.</p>
<div class="cards">${cards.join("")}</div>
<h2 id="problem-codes">Problem codes <a class="anchor" href="#problem-codes" aria-label="Link to Problem codes">#</a></h2>
<p>Every refusal is a problem document (RFC 9457) with one of these codes. They never change and are never used again for something else.</p>
<div class="scroll" tabindex="0"><table><thead><tr><th>code</th><th>status</th><th>what it says</th><th>what to do</th></tr></thead><tbody>${codes.join("")}</tbody></table></div>
<h2 id="result-codes">Result codes <a class="anchor" href="#result-codes" aria-label="Link to Result codes">#</a></h2>
<p>What became of one package of an upload. Where it was refused, <code>detail</code> says what was expected and what came; the <a href="/">inspector</a> shows the place in its bytes.</p>
<div class="scroll" tabindex="0"><table><thead><tr><th>code</th><th>the package</th></tr></thead><tbody>${results.join("")}</tbody></table></div>`;
}

/** Broken between its words where a line is too short, so that a phone shows what stands beside it. */
const breakable = (code: string): string => `<code>${code.replaceAll("_", "_<wbr>")}</code>`;

/** A code of a package may also be one of a problem, so it has an address of its own. */
const resultId = (code: string): string => `result-${code}`;

const SEARCHED_CHARACTERS = 1_500;

function searchIndex(pages: readonly Page[], reference: readonly Section[]) {
  const entry = (at: string, page: string, { heading, text }: Section) => ({
    id: heading.depth === 1 ? at : `${at}#${heading.id}`,
    page,
    heading: heading.text,
    text: text.slice(0, SEARCHED_CHARACTERS),
  });
  return [
    ...pages.flatMap((page) => page.rendered.sections.map((section) => entry(page.at, nameOf(page), section))),
    ...reference.map((section) => entry(REFERENCE.at, REFERENCE.name, section)),
    ...Object.entries(PROBLEMS).map(([code, { title }]) => ({
      id: `${HOME}#${code}`,
      page: "Problem codes",
      heading: code,
      text: title,
    })),
    ...Object.entries(RESULT_CODES).map(([code, meaning]) => ({
      id: `${HOME}#${resultId(code)}`,
      page: "Result codes",
      heading: code,
      text: meaning,
    })),
  ];
}

/** A list of the pages for language models, https://llmstxt.org. */
function llms(groups: readonly DocsGroup[], pages: readonly Page[]): string {
  const line = ({ at }: DocsPage) => {
    const page = pages.find((one) => one.at === at);
    return page === undefined
      ? []
      : [`- [${nameOf(page)}](${at}.md): ${beginning(page.rendered.lead, DESCRIBED_CHARACTERS)}`];
  };
  return `# MLS Key Directory

> A directory for MLS (RFC 9420) KeyPackages on Cloudflare Workers, with a KeyPackage library, a client SDK and a command line in TypeScript.

- [OpenAPI description](/openapi.json): Every route, body and answer of the HTTP API, for programs.
- [${REFERENCE.name}](${REFERENCE.at}.md): The same for people, and for whoever reads text.

${groups.map(({ title, pages: own }) => `## ${title}\n\n${own.flatMap(line).join("\n")}\n`).join("\n")}`;
}
