/** Markdown to HTML, with anchors as GitHub makes them, so that the same links work there and here. */
import { Marked, type Tokens } from "marked";
import { escapeHtml } from "./layout.ts";

export type Heading = { readonly depth: number; readonly id: string; readonly text: string };

/** The text below a heading, for the search. */
export type Section = { readonly heading: Heading; readonly text: string };

export type Rendered = {
  readonly html: string;
  readonly title: string;
  /** The first paragraph that says what the page is about, as plain text. */
  readonly lead: string;
  readonly sections: readonly Section[];
};

/** In pixels. */
export type PictureSize = { readonly width: number; readonly height: number };

/** SVG, which is put into the page so that it has the colours of the page, or the size of a picture that is linked. */
export type Picture = { readonly svg: string } | PictureSize;

/** `address` gives where a link of the file leads, `picture` what a picture of ours is. */
export function renderMarkdown(
  text: string,
  address: (href: string) => string,
  picture: (href: string) => Picture,
): Rendered {
  const headings: Heading[] = [];
  const idOf = anchors();
  const marked = new Marked({ gfm: true });
  marked.use({
    renderer: {
      heading({ tokens, depth }: Tokens.Heading) {
        const plain = plainText(this.parser.parseInline(tokens, this.parser.textRenderer));
        const heading = { depth, id: idOf(plain), text: plain };
        headings.push(heading);
        const anchor = `<a class="anchor" href="#${heading.id}" aria-label="Link to ${escapeHtml(plain)}">#</a>`;
        return `<h${depth} id="${heading.id}">${this.parser.parseInline(tokens)}${depth > 1 ? anchor : ""}</h${depth}>\n`;
      },
      link({ href, tokens }: Tokens.Link) {
        return `<a href="${escapeHtml(address(href))}">${this.parser.parseInline(tokens)}</a>`;
      },
      image({ href, text: alt }: Tokens.Image) {
        // Pictures of others would be requests to others: their words say it too.
        if (/^https?:/.test(href)) return escapeHtml(alt);
        const found = picture(href);
        if ("svg" in found) return inPage(found.svg, alt);
        // With its size, the page keeps room for it before it is there.
        const { width, height } = found;
        return `<img src="${escapeHtml(address(href))}" alt="${escapeHtml(alt)}" width="${width}" height="${height}" loading="lazy">`;
      },
      code({ text: code, lang = "" }: Tokens.Code) {
        return `<pre data-lang="${escapeHtml(lang)}" tabindex="0"><code>${escapeHtml(code)}</code></pre>\n`;
      },
      table({ header, rows, align }: Tokens.Table) {
        const cell = (tag: string, one: Tokens.TableCell, column: number) =>
          `<${tag}${align[column] === "right" ? ' class="right"' : ""}>${this.parser.parseInline(one.tokens)}</${tag}>`;
        // An empty corner of a table heads nothing.
        const head = header.map((one, column) => cell(one.text === "" ? "td" : "th", one, column)).join("");
        const body = rows.map((row) => `<tr>${row.map((one, column) => cell("td", one, column)).join("")}</tr>`);
        return `<div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table></div>\n`;
      },
      html({ text: raw }: Tokens.HTML | Tokens.Tag) {
        return escapeHtml(raw);
      },
    },
  });
  const html = marked.parse(text, { async: false });
  const title = headings.find(({ depth }) => depth === 1)?.text ?? "";
  const paragraphs = [...html.matchAll(/<p>([\s\S]*?)<\/p>/g)].map(([, inner = ""]) => plainText(inner));
  const lead = paragraphs.find((paragraph) => paragraph !== "" && !STATUS.test(paragraph)) ?? "";
  return { html, title, lead, sections: sectionsOf(html, headings) };
}

/** Of a decision: what comes first there says nothing of the page. */
const STATUS = /^Status: /;

/** Title and style are for readers of the file: here the words are the label, and the page has the colours. */
const inPage = (svg: string, alt: string): string =>
  svg
    .trim()
    .replace(/<title>[\s\S]*?<\/title>\n?/, "")
    .replace(/<style>[\s\S]*?<\/style>\n?/, "")
    .replace("<svg ", `<svg class="drawing" role="img" aria-label="${escapeHtml(alt)}" `)
    .replaceAll(/>\n</g, "><");

/** Lower case, without punctuation, hyphens for spaces; the second of a name gets a number. */
function anchors(): (text: string) => string {
  const seen = new Map<string, number>();
  return (text) => {
    const id = text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(/\s/g, "-");
    const count = seen.get(id) ?? 0;
    seen.set(id, count + 1);
    return count === 0 ? id : `${id}-${count}`;
  };
}

function sectionsOf(html: string, headings: readonly Heading[]): Section[] {
  const parts = html
    .replaceAll(/<svg [\s\S]*?<\/svg>/g, " ")
    .split(/<h[1-6] id="[^"]*">[\s\S]*?<\/h[1-6]>/)
    .slice(1);
  return headings.map((heading, index) => ({ heading, text: plainText(parts[index] ?? "") }));
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

/** Without tags and on one line. Tags within a line part no words. */
export const plainText = (html: string): string =>
  html
    .replaceAll(/<\/?(?:a|code|em|strong|del)\b[^>]*>/g, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name] ?? "")
    .replaceAll(/\s+/g, " ")
    .trim();
