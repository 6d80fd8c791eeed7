/** The description of the API as a page for people, made from the same document. No script, nothing from elsewhere. */
import { PROBLEMS, type ProblemCode } from "../../refusals/problem-codes.ts";

type Parameter = { readonly name: string; readonly in: string };
type Described = {
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
};
export type ApiDocument = {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, unknown>>;
};

const STYLE =
  "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}" +
  "code{font-size:.9em}table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #8884}" +
  "summary{cursor:pointer;padding:.2rem 0}";

/** A whole HTML page. */
export function docsPage(api: ApiDocument): string {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Described>).map(([method, operation]) => section(method, path, operation)),
  );
  const problems = (Object.keys(PROBLEMS) as ProblemCode[]).map(
    (code) =>
      `<tr><td><code>${code}</code></td><td>${PROBLEMS[code].status}</td><td>${escapeHtml(PROBLEMS[code].title)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(api.info.title)}</title><style>${STYLE}</style></head>
<body><h1>${escapeHtml(api.info.title)} ${escapeHtml(api.info.version)}</h1>
<p>${escapeHtml(api.info.description).replaceAll("\n", "<br>")}</p>
<p>The same for programs: <a href="/openapi.json">openapi.json</a>. What is in force here: <a href="/v1/policy">policy</a>.</p>
<h2>Operations</h2>
${operations.join("\n")}
<h2>Problems</h2>
<table><tr><th>code</th><th>status</th><th>title</th></tr>${problems.join("\n")}</table>
</body></html>
`;
}

function section(method: string, path: string, { summary, tags, parameters = [], responses }: Described): string {
  const taken = parameters.map(
    (parameter) => `<code>${escapeHtml(parameter.name)}</code> (${escapeHtml(parameter.in)})`,
  );
  const rows = Object.entries(responses).map(
    ([status, { description }]) => `<tr><td>${escapeHtml(status)}</td><td>${codes(escapeHtml(description))}</td></tr>`,
  );
  return `<details><summary><code>${method.toUpperCase()} ${escapeHtml(path)}</code> ${escapeHtml(summary)}</summary>
<p>For: ${escapeHtml(tags.join(", "))}.${taken.length > 0 ? ` Takes ${taken.join(", ")}.` : ""}</p><table>${rows.join("")}</table></details>`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? "");

const codes = (escaped: string): string => escaped.replace(/`([^`]+)`/g, "<code>$1</code>");
