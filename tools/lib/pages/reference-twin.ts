/** The reference of the API as Markdown, for whoever reads the docs as text. */
import {
  type ApiDescription,
  BOUNDS,
  type Found,
  headingOf,
  membersOf,
  operationsByTag,
  type Schema,
} from "./reference-page.ts";

export function referenceTwin(api: ApiDescription): string {
  const groups = operationsByTag(api).map(({ name, description, found }) =>
    [`## ${headingOf(name)}`, description, ...found.map(operationText)].join("\n\n"),
  );
  const schemas = (Object.entries(api.components.schemas) as [string, Schema][]).map(([name, schema]) =>
    schemaText(name, schema),
  );
  const parts = [
    `# ${api.info.title}: API reference`,
    api.info.description.replaceAll("\n", "\n\n"),
    "For programs: [openapi.json](/openapi.json). In words: [The HTTP API](/docs/http-api.md). What each problem code means: [Problem codes](/docs#problem-codes).",
    ...groups,
    "## Schemas",
    ...schemas,
  ];
  return `${parts.join("\n\n")}\n`;
}

function operationText({ method, path, operation }: Found): string {
  const { summary, description, parameters = [], requestBody, responses } = operation;
  const rows = parameters.map(({ name, in: place, required, description: text = "", schema }) => [
    `\`${name}\`${required ? "" : " (optional)"}`,
    place,
    typeText(schema),
    text,
  ]);
  const [type, media] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  const answers = Object.entries(responses).map(([status, { description: text, content = {} }]) => [
    status,
    [text, ...(Number(status) < 400 ? answerTypes(content) : [])].join(" "),
  ]);
  return [
    `### ${method.toUpperCase()} ${path}`,
    description === undefined ? summary : `${summary} ${description}`,
    ...(rows.length > 0 ? [tableText(["parameter", "in", "type", "meaning"], rows)] : []),
    ...(media?.schema === undefined ? [] : [`Body, \`${type}\`: ${typeText(media.schema)}`]),
    tableText(["status", "answer"], answers),
  ].join("\n\n");
}

const answerTypes = (content: Readonly<Record<string, { readonly schema?: Schema }>>): readonly string[] =>
  Object.entries(content).map(([type, { schema }]) => (schema?.$ref === undefined ? `\`${type}\`` : typeText(schema)));

function schemaText(name: string, schema: Schema): string {
  const rows = membersOf(schema, "").map(({ path, member, isRequired }) => [
    `\`${path}\`${isRequired ? "" : " (optional)"}`,
    typeText(member),
    member.description ?? "",
  ]);
  return [
    `### Schema: ${name}`,
    ...(schema.description ? [schema.description] : []),
    rows.length > 0 ? tableText(["member", "type", "meaning"], rows) : typeText(schema),
  ].join("\n\n");
}

function typeText(schema: Schema): string {
  if (schema.$ref !== undefined) return schema.$ref.replace(/^.*\//, "");
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(" or ");
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  const kinds = typeof schema.type === "string" ? [schema.type] : (schema.type ?? []);
  const names = kinds.map((kind) => (kind === "array" && schema.items ? `list of ${typeText(schema.items)}` : kind));
  const bounds = BOUNDS.flatMap((name) => (schema[name] === undefined ? [] : [`${name} \`${String(schema[name])}\``]));
  return [names.join(" or "), ...bounds].filter((part) => part !== "").join(", ");
}

function tableText(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(heads), `|${"---|".repeat(heads.length)}`, ...rows.map(line)].join("\n");
}
