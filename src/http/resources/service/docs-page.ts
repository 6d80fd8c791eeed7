/** The description of the API as a page for people, made from the same document. No script, nothing from elsewhere. */
import { html, raw } from "hono/html";
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
export function docsPage(api: ApiDocument) {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Described>).map(([method, operation]) => section(method, path, operation)),
  );
  const problems = (Object.keys(PROBLEMS) as ProblemCode[]).map(
    (code) =>
      html`<tr id="${code}"><td><code>${code}</code></td><td>${PROBLEMS[code].status}</td><td>${PROBLEMS[code].title}</td></tr>`,
  );
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${api.info.title}</title><style>${raw(STYLE)}</style></head>
<body><h1>${api.info.title} ${api.info.version}</h1>
${api.info.description.split("\n").map((line) => html`<p>${withCode(line)}</p>`)}
<p>The same for programs: <a href="/openapi.json">openapi.json</a>. What is in force here: <a href="/v1/policy">policy</a>.</p>
<h2>Operations</h2>
${operations}
<h2>Problems</h2>
<table><tr><th>code</th><th>status</th><th>title</th></tr>${problems}</table>
</body></html>
`;
}

function section(method: string, path: string, { summary, tags, parameters = [], responses }: Described) {
  const taken = parameters.map(
    (parameter, index) => html`${index > 0 ? ", " : ""}<code>${parameter.name}</code> (${parameter.in})`,
  );
  const rows = Object.entries(responses).map(
    ([status, { description }]) => html`<tr><td>${status}</td><td>${withCode(description)}</td></tr>`,
  );
  return html`<details><summary><code>${method.toUpperCase()} ${path}</code> ${summary}</summary>
<p>For: ${tags.join(", ")}.${taken.length > 0 ? html` Takes ${taken}.` : ""}</p><table>${rows}</table></details>
`;
}

/** Text in which a pair of backticks marks code. */
const withCode = (text: string) =>
  text.split("`").map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part));
