/** The docs as built: every link leads somewhere, and every address that was ever given still does. */
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { marked } from "marked";
import { describe, expect, it } from "vitest";
import { PROBLEMS } from "../../../src/http/refusals/problem-codes.ts";
import { OPERATIONS } from "../../../src/http/resources/all-operations.ts";
import { resultCodes } from "../../../src/http/resources/key-packages/result-codes.ts";
import { docsFiles } from "../../../tools/lib/pages/docs.ts";
import { renderMarkdown } from "../../../tools/lib/pages/markdown.ts";
import { siteMap } from "../../../tools/lib/pages/site-map.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const REPOSITORY = "https://github.com/mls-key-directory/mls-key-directory/blob/main/";
const files = docsFiles(ROOT, { script: "/docs.js", preload: [], styles: [] });
const pages = Object.entries(files).filter(([name]) => name.endsWith(".html"));

/** Not built from Markdown: the other pages, and what the Worker answers. */
const ELSEWHERE = [
  "/",
  "/console",
  "/openapi.json",
  "/openapi-3.0.json",
  "/v1/policy",
  "/theme.js",
  "/favicon.svg",
  "/docs.js",
];

const idsOf = (html: string) => new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
const ids = new Map(pages.map(([name, html]) => [`/${name.replace(/\.html$/, "")}`, idsOf(html)]));

describe("the docs", () => {
  it("have a page for every Markdown file of docs and of the root", () => {
    const mapped = siteMap(ROOT).flatMap(({ pages: own }) => own.map(({ file }) => file));
    expect(new Set(mapped).size).toBe(mapped.length);
    for (const file of [
      "README.md",
      "SECURITY.md",
      "CONTRIBUTING.md",
      "CHANGELOG.md",
      "docs/http-api.md",
      "docs/operate/abuse.md",
    ]) {
      expect(mapped).toContain(file);
    }
  });

  it("have no link that leads nowhere: neither to a page, nor to a heading, nor into the repository", () => {
    const broken: string[] = [];
    for (const [name, html] of pages) {
      const own = `/${name.replace(/\.html$/, "")}`;
      for (const [, href = ""] of html.matchAll(/(?:href|src)="([^"]*)"/g)) {
        const [path = "", hash] = href.split("#");
        if (href.startsWith(REPOSITORY)) {
          if (!existsSync(resolve(ROOT, path.slice(REPOSITORY.length)))) broken.push(`${name}: ${href}`);
        } else if (/^(?:https?:|mailto:)/.test(href) || ELSEWHERE.includes(path)) {
          // Of others, or none of the docs.
        } else if (
          path.startsWith("/docs/images/") ? existsSync(resolve(ROOT, path.slice(1))) : path.slice(1) in files
        ) {
          // A file as it is.
        } else {
          const anchors = ids.get(path === "" ? own : path);
          if (anchors === undefined || (hash !== undefined && !anchors.has(decodeURIComponent(hash)))) {
            broken.push(`${name}: ${href}`);
          }
        }
      }
    }
    expect(broken).toEqual([]);
  });

  it("have every problem code where the type of a problem leads: /docs#code", () => {
    for (const code of Object.keys(PROBLEMS)) expect([code, ids.get("/docs")?.has(code)]).toEqual([code, true]);
  });

  it("have every code of an upload's result where the inspector leads: /docs#result-code, and find it", () => {
    const found = new Set((JSON.parse(files["docs/search.json"] ?? "") as { id: string }[]).map(({ id }) => id));
    for (const code of resultCodes) {
      const at = `result-${code}`;
      expect([code, ids.get("/docs")?.has(at), found.has(`/docs#${at}`)]).toEqual([code, true, true]);
    }
  });

  it("have every operation of the API in its reference", () => {
    const reference = files["docs/reference.html"] ?? "";
    for (const { id, method, path } of OPERATIONS) {
      expect(ids.get("/docs/reference")?.has(id)).toBe(true);
      expect(reference).toContain(`<span class="method ${method.toLowerCase()}">${method}</span> <code>${path}</code>`);
    }
  });

  it("say what to do about each problem in words that hold for every caller, not for kpd alone", () => {
    const advice = [...(files["docs.html"] ?? "").matchAll(/<tr id="(?!result-)(\w+)">(.*?)<\/tr>/g)].map(
      ([, code, cells = ""]) => [code, cells.split("<td>").at(-1)],
    );
    expect(advice.map(([code]) => code)).toEqual(Object.keys(PROBLEMS));
    expect(advice.filter(([, said = ""]) => said === "</td>" || /kpd|KPD_|--|named above|it says/i.test(said))).toEqual(
      [],
    );
  });

  it("are there as Markdown too, word for word but for where links lead, and llms.txt names each of them", () => {
    const words = (text = "") => text.replaceAll(/\]\([^)]*\)/g, "]()");
    for (const { file, at } of siteMap(ROOT).flatMap(({ pages: own }) => own)) {
      expect(words(files[`${at.slice(1)}.md`])).toBe(words(readFileSync(resolve(ROOT, file), "utf8")));
      expect(files["llms.txt"]).toContain(`](${at}.md)`);
    }
  });

  it("have no link in Markdown that leads nowhere", () => {
    const broken: string[] = [];
    let count = 0;
    for (const [name, text] of Object.entries(files).filter(([path]) => /\.(?:md|txt)$/.test(path))) {
      void marked.walkTokens(marked.lexer(text), (token) => {
        if (!("href" in token)) return;
        const href = String(token.href);
        count++;
        if (href.startsWith("#") || /^(?:https?:|mailto:)/.test(href)) {
          const own = href.startsWith(REPOSITORY) ? href.slice(REPOSITORY.length).split("#")[0] : undefined;
          if (own !== undefined && !existsSync(resolve(ROOT, own))) broken.push(`${name}: ${href}`);
          return;
        }
        const path = new URL(href, `https://keys.example.com/${name}`).pathname;
        const isThere =
          path.slice(1) in files ||
          `${path.slice(1)}.html` in files ||
          ELSEWHERE.includes(path) ||
          (path.startsWith("/docs/images/") && existsSync(resolve(ROOT, path.slice(1))));
        if (!isThere) broken.push(`${name}: ${href}`);
      });
    }
    expect(count).toBeGreaterThan(300);
    expect(broken).toEqual([]);
  });

  it("have the reference of the API as Markdown: each operation with its answers, and each schema", () => {
    const reference = files["docs/reference.md"] ?? "";
    expect(files["llms.txt"]).toContain("](/docs/reference.md)");
    for (const { method, path } of OPERATIONS) expect(reference).toContain(`### ${method} ${path}\n`);
    expect(reference).toContain("| 200 | What each client gave.");
    expect(reference).toContain("### Schema: UserView\n");
    expect(reference).toContain("| `directory_pending` | boolean |");
  });

  it("are described by whole sentences: in llms.txt, and to search engines", () => {
    const said = (files["llms.txt"] ?? "").match(/^- .*$/gm) ?? [];
    const described = pages.map(([, html]) => /name="description" content="([^"]*)"/.exec(html)?.[1] ?? "");
    expect(said.length).toBeGreaterThan(40);
    const isWhole = (text: string) => /[.!?…]$/.test(text) && text.length > 30 && !/ [:,.)]|\( |Status: /.test(text);
    expect(
      [...said.map((line) => line.replace(/^- \[[^\]]*\]\([^)]*\): /, "")), ...described].filter(
        (one) => !isWhole(one),
      ),
    ).toEqual([]);
  });

  it("have the examples as files, which import the package by its name", () => {
    const examples = Object.entries(files).filter(([name]) => name.startsWith("docs/examples/"));
    expect(examples.map(([name]) => name)).toContain("docs/examples/sdk/keep-stocked.ts");
    expect(examples.filter(([, text]) => text.includes("../src/"))).toEqual([]);
    expect(files["docs/examples/sdk/messenger.ts"]).toContain('from "mls-key-directory/client";');
    expect(files["docs/web.html"]).toContain('href="/docs/examples/sdk/keep-stocked.ts"');
  });

  it("are found by their headings and words: each entry of the search leads to a heading", () => {
    const entries = JSON.parse(files["docs/search.json"] ?? "") as { id: string; heading: string }[];
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
    for (const { id } of entries) {
      const [path = "", hash] = id.split("#");
      expect([id, ids.has(path), hash === undefined || ids.get(path)?.has(hash)]).toEqual([id, true, true]);
    }
  });
});

describe("Markdown", () => {
  const html = (text: string) =>
    renderMarkdown(
      text,
      (href) => href,
      () => ({ width: 2, height: 1 }),
    ).html;

  it("gives no markup of its own: what looks like HTML is shown as text", () => {
    expect(html('<script src="/x.js"></script>')).not.toContain("<script");
    expect(html("a <img src=x onerror=y> b")).not.toContain("<img");
    expect(html("`<b>`")).toContain("&lt;b&gt;");
  });

  it("has anchors as GitHub makes them, with a number where a name comes twice", () => {
    expect(html("## Issuers and tokens, `aud`\n## Same\n## Same").match(/id="[^"]*"/g)).toEqual([
      'id="issuers-and-tokens-aud"',
      'id="same"',
      'id="same-1"',
    ]);
  });

  it("puts a drawing into the page, with its words and without its style", () => {
    const svg = '<svg viewBox="0 0 1 1">\n<title>x</title>\n<style>.b{fill:red}</style>\n<rect class="b"/>\n</svg>\n';
    const { html: page, sections } = renderMarkdown(
      "# A\n![Two boxes](a.svg)",
      (href) => href,
      () => ({ svg }),
    );
    expect(page).toContain(
      '<svg class="drawing" role="img" aria-label="Two boxes" viewBox="0 0 1 1"><rect class="b"/></svg>',
    );
    expect(sections[0]?.text).toBe("");
  });

  it("says how large a picture is, so that nothing moves when it comes", () => {
    expect(html("![A page](a.png)")).toContain('<img src="a.png" alt="A page" width="2" height="1" loading="lazy">');
    expect(files["docs/quickstart.html"]).toMatch(/src="\/docs\/images\/console\.png" [^>]*width="1280" height="860"/);
  });

  it("loads no picture of others", () => {
    expect(html("![Deploy](https://example.com/button.svg)")).toBe("<p>Deploy</p>\n");
  });
});
