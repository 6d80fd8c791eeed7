/** The reference of the API as a page: every operation and schema of the description. Only its forms need a script. */
import { escapeHtml } from "./layout.ts";
import type { Heading, Section } from "./markdown.ts";

export type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly (string | number | null)[];
  readonly const?: string | number | boolean;
  readonly additionalProperties?: boolean | Schema;
} & Readonly<Record<string, unknown>>;

type Media = { readonly schema?: Schema; readonly example?: unknown };
type Operation = {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, Media>> }>
  >;
};

export type ApiDescription = {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
};

export type Found = { readonly method: string; readonly path: string; readonly operation: Operation };

/** HTML, and its parts for the search. `problem` is the path of the page that has the problem codes as anchors. */
export function renderReference(
  api: ApiDescription,
  problem: string,
): { readonly html: string; readonly headings: readonly Heading[]; readonly sections: readonly Section[] } {
  const byTag = operationsByTag(api);
  const all = byTag.flatMap(({ found }) => found);
  const schemas = Object.entries(api.components.schemas) as [string, Schema][];
  const html = `<h1>${escapeHtml(api.info.title)}: API reference</h1>
${api.info.description
  .split("\n")
  .map((line) => `<p>${withCode(line)}</p>`)
  .join("\n")}
<p>For programs: <a href="/openapi.json">openapi.json</a> (3.1), <a href="/openapi-3.0.json">openapi-3.0.json</a>. What is in force here: <a href="/v1/policy">policy</a>. In words: <a href="/docs/http-api">The HTTP API</a>.</p>
${byTag.map(({ name, description, found }) => `<h2 id="${name}">${headingOf(name)}</h2>\n<p>${withCode(description)}</p>\n${found.map((one) => operationOf(one, problem)).join("\n")}`).join("\n")}
<h2 id="schemas">Schemas</h2>
${schemas.map(([name, schema]) => schemaOf(name, schema)).join("\n")}`;
  const sections = [
    ...all.map(({ method, path, operation }) => ({
      heading: { depth: 3, id: operation.operationId, text: `${method.toUpperCase()} ${path}` },
      text: `${operation.summary} ${operation.description ?? ""}`,
    })),
    ...schemas.map(([name, { description = "" }]) => ({
      heading: { depth: 3, id: `schema-${name}`, text: name },
      text: description,
    })),
  ];
  // Beside the page an operation has its short name: paths would not fit.
  const headings = all.map(({ operation: { operationId } }) => ({ depth: 3, id: operationId, text: operationId }));
  return { html, headings: [...headings, { depth: 2, id: "schemas", text: "Schemas" }], sections };
}

export function operationsByTag(
  api: ApiDescription,
): readonly { readonly name: string; readonly description: string; readonly found: readonly Found[] }[] {
  const all = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation: operation as Operation })),
  );
  // A tag need not be described.
  const tags = [
    ...new Set([...api.tags.map(({ name }) => name), ...all.map(({ operation }) => operation.tags[0] ?? "")]),
  ];
  return tags.map((name) => ({
    name,
    description: api.tags.find((tag) => tag.name === name)?.description ?? "",
    found: all.filter(({ operation }) => operation.tags[0] === name),
  }));
}

export const headingOf = (role: string): string =>
  role === "anyone" ? "For anyone" : `For ${/^[aeiou]/.test(role) ? "an" : "a"} ${role}`;

function operationOf({ method, path, operation }: Found, problem: string): string {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation;
  const rows = parameters.map(({ name, in: place, required, description: text = "", schema }) => [
    `<code>${escapeHtml(name)}</code>${required ? "" : ' <span class="note">optional</span>'}`,
    place,
    typeOf(schema),
    withCode(text),
  ]);
  const [type, media] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  return `<section class="operation" id="${operationId}">
<h3><span class="method ${method}">${method.toUpperCase()}</span> <code>${escapeHtml(path)}</code> <a class="anchor" href="#${operationId}" aria-label="Link to ${operationId}">#</a></h3>
<p><strong>${withCode(summary)}</strong>${description === undefined ? "" : ` ${withCode(description)}`}</p>
${rows.length > 0 ? tableOf(["parameter", "in", "type", "meaning"], rows) : ""}
${media === undefined ? "" : `<p>Body, <code>${type}</code>: ${media.schema ? typeOf(media.schema) : ""}</p>${exampleOf(media)}`}
${tableOf(
  ["status", "answer"],
  Object.entries(responses).map(([status, { description: text, content = {} }]) => [
    `<code>${status}</code>`,
    Number(status) < 400 ? `${withCode(text)} ${answerTypes(content)}` : withProblems(text, problem),
  ]),
)}
${Object.values(responses)
  .slice(0, 1)
  .map(({ content = {} }) => exampleOf(content["application/json"] ?? {}))
  .join("")}
${tryIt(operationId)}</section>`;
}

/** Filled by a script, which asks the directory that the page comes from. */
const tryIt = (operationId: string): string =>
  `<details class="try" id="try-${operationId}"><summary>Try it</summary><p class="note">The form needs a script. The <a href="/docs/quickstart">quickstart</a> has lines of curl.</p></details>`;

const answerTypes = (content: Readonly<Record<string, Media>>): string =>
  Object.entries(content)
    .map(([type, { schema }]) => (schema?.$ref === undefined ? `<code>${type}</code>` : typeOf(schema)))
    .join(", ");

const exampleOf = ({ example }: Media): string =>
  example === undefined
    ? ""
    : `<details><summary>Example</summary><pre data-lang="json" tabindex="0"><code>${escapeHtml(JSON.stringify(example, null, 2))}</code></pre></details>`;

function schemaOf(name: string, schema: Schema): string {
  const rows = membersOf(schema, "").map(({ path, member, isRequired }) => [
    `<code>${escapeHtml(path)}</code>${isRequired ? "" : ' <span class="note">optional</span>'}`,
    typeOf(member),
    withCode(member.description ?? ""),
  ]);
  return `<section class="schema" id="schema-${name}">
<h3>${name} <a class="anchor" href="#schema-${name}" aria-label="Link to ${name}">#</a></h3>
<p>${withCode(schema.description ?? "")} <span class="note">${typeOf({ ...schema, description: "" })}</span></p>
${rows.length > 0 ? tableOf(["member", "type", "meaning"], rows) : ""}</section>`;
}

type Member = { readonly path: string; readonly member: Schema; readonly isRequired: boolean };

/** Members of inline objects too, by their path from the schema. */
export function membersOf(schema: Schema, prefix: string): Member[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const path = `${prefix}${name}`;
    const isRequired = schema.required?.includes(name) ?? false;
    return [
      { path, member, isRequired },
      ...membersOf(member, `${path}.`),
      ...(member.items === undefined ? [] : membersOf(member.items, `${path}[].`)),
    ];
  });
}

export const BOUNDS = ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern"] as const;

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace(/^.*\//, "");
    return `<a href="#schema-${name}">${name}</a>`;
  }
  if (schema.enum !== undefined)
    return schema.enum.map((value) => `<code>${escapeHtml(JSON.stringify(value))}</code>`).join(" or ");
  if (schema.const !== undefined) return `<code>${escapeHtml(JSON.stringify(schema.const))}</code>`;
  const kinds = typeof schema.type === "string" ? [schema.type] : (schema.type ?? []);
  const bounds = BOUNDS.flatMap((name) =>
    schema[name] === undefined ? [] : [`${name} <code>${escapeHtml(String(schema[name]))}</code>`],
  );
  const names = kinds.map((kind) => (kind === "array" && schema.items ? `list of ${typeOf(schema.items)}` : kind));
  return [names.join(" or "), ...bounds].filter((part) => part !== "").join(", ");
}

const tableOf = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<div class="scroll" tabindex="0"><table><thead><tr>${heads.map((head) => `<th>${head}</th>`).join("")}</tr></thead><tbody>${rows
    .map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join("")}</tr>`)
    .join("")}</tbody></table></div>`;

/** Text in which a pair of backticks marks code. */
export const withCode = (text: string): string =>
  text
    .split("`")
    .map((part, index) => (index % 2 === 1 ? `<code>${escapeHtml(part)}</code>` : escapeHtml(part)))
    .join("");

/** The same, where the code of a problem leads to what it means. */
const withProblems = (text: string, page: string): string =>
  text
    .split("`")
    .map((part, index) =>
      index % 2 === 1 ? `<a href="${page}#${escapeHtml(part)}"><code>${escapeHtml(part)}</code></a>` : escapeHtml(part),
    )
    .join("");
