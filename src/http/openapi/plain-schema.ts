/**
 * Schemas in the form that generators of clients read: nullable by type, no `const`, no bounds that are only those of
 * JavaScript's numbers, and a format for every whole number that says how wide it is. Pure.
 */
export type Json = { [member: string]: unknown };

const isRecord = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const INT32_MAX = 2 ** 31 - 1;

/** The schema in that form. `definitions`: named schemas, of which those that may be null are written out in place. */
export function plainSchema(schema: Json, definitions: Readonly<Record<string, Json>>): Json {
  return plain(schema, definitions) as Json;
}

function plain(value: unknown, definitions: Readonly<Record<string, Json>>): unknown {
  if (Array.isArray(value)) return value.map((item) => plain(item, definitions));
  if (!isRecord(value)) return value;
  const members = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one, definitions)]));
  return integer(withoutConst(open(nullable(members, definitions))));
}

/** `anyOf` of one schema and null is that schema with a second type. */
function nullable(schema: Json, definitions: Readonly<Record<string, Json>>): Json {
  const { anyOf, ...others } = schema;
  if (!Array.isArray(anyOf) || anyOf.length !== 2) return schema;
  const wanted = anyOf.filter((one: Json) => one.type !== "null");
  if (wanted.length !== 1) return schema;
  const [one] = wanted as [Json];
  const name = typeof one.$ref === "string" ? (one.$ref.split("/").at(-1) ?? "") : undefined;
  const { id: _, ...whole } = name === undefined ? one : (plain(definitions[name] ?? one, definitions) as Json);
  return { ...whole, ...others, type: [whole.type, "null"].flat() };
}

/** An object that may have any other members is one that does not speak of them: some generators make a map of it. */
function open(schema: Json): Json {
  const { additionalProperties, ...others } = schema;
  const saysNothing = isRecord(additionalProperties) && Object.keys(additionalProperties).length === 0;
  return saysNothing ? others : schema;
}

/** One text is an enum of one. Of one boolean generators make no enum that compiles, so it is any boolean. */
function withoutConst(schema: Json): Json {
  if (!("const" in schema)) return schema;
  const { const: constant, ...others } = schema;
  return typeof constant === "boolean" ? others : { ...others, enum: [constant] };
}

function integer(schema: Json): Json {
  if (![schema.type].flat().includes("integer")) return schema;
  const { minimum, maximum, ...others } = schema;
  const bounded = {
    ...(typeof minimum === "number" && minimum > Number.MIN_SAFE_INTEGER ? { minimum } : {}),
    ...(typeof maximum === "number" && maximum < Number.MAX_SAFE_INTEGER ? { maximum } : {}),
  };
  const isNarrow = typeof maximum === "number" && maximum <= INT32_MAX;
  return { ...others, ...bounded, format: isNarrow ? "int32" : "int64" };
}

/** The same document as OpenAPI 3.0, for generators that do not read 3.1. */
export function asOpenApi30(document: Json): Json {
  return { ...(downgrade(document) as Json), openapi: "3.0.3" };
}

/** What 3.0 says in other words: a type that may be null. */
function downgrade(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(downgrade);
  if (!isRecord(value)) return value;
  const members = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, downgrade(one)]));
  if (!Array.isArray(members.type)) return members;
  const types = members.type.filter((type) => type !== "null");
  return { ...members, type: types[0], nullable: true };
}
