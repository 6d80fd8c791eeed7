/** Types of TypeScript from named schemas in JSON Schema, as zod gives them. Pure. */

/** The part of JSON Schema that the API's bodies use. */
export type Schema = {
  readonly $ref?: string | undefined;
  readonly description?: string | undefined;
  readonly type?: string | readonly string[] | undefined;
  readonly const?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly anyOf?: readonly Schema[] | undefined;
  readonly items?: Schema | readonly Schema[] | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly additionalProperties?: boolean | Schema | undefined;
};

const COMMENT_WIDTH = 117;
const PRIMITIVES: Readonly<Record<string, string>> = {
  string: "string",
  boolean: "boolean",
  integer: "number",
  number: "number",
  null: "null",
};

/** An exported type for each definition, in the order of their names, with its description as its comment. */
export function typeScriptOf(definitions: Readonly<Record<string, Schema>>): string {
  return Object.entries(definitions)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, schema]) => `${comment(schema.description)}export type ${name} = ${typeOf(schema)};\n`)
    .join("\n");
}

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1);
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" | ");
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ ...schema, type })).join(" | ");
  if (schema.type === "array") return `(${typeOf(schema.items as Schema)})[]`;
  if (schema.type === "object") return objectOf(schema);
  const primitive = typeof schema.type === "string" ? PRIMITIVES[schema.type] : undefined;
  if (primitive === undefined) throw new Error(`no type for the schema ${JSON.stringify(schema)}`);
  return primitive;
}

/** An optional member may be given as undefined too: what is sent as JSON then lacks it. */
function objectOf({ properties = {}, required = [], additionalProperties }: Schema): string {
  const members = Object.entries(properties).map(([name, schema]) => {
    const type = typeOf(schema);
    const member = required.includes(name) ? `${name}: ${type}` : `${name}?: ${type} | undefined`;
    return `${comment(schema.description)}${member};`;
  });
  const isOpen = typeof additionalProperties === "object";
  return `{\n${[...members, ...(isOpen ? ["[member: string]: unknown;"] : [])].join("\n")}\n}`;
}

/** A doc comment in lines of at most the width of the code. */
function comment(text: string | undefined): string {
  if (text === undefined) return "";
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < COMMENT_WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.length === 1 ? `/** ${text} */\n` : `/**\n${lines.map((line) => ` * ${line}\n`).join("")} */\n`;
}
