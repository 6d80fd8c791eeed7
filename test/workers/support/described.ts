/** Holds real answers against the committed description: what is not described there is a failure of the test. */
import openapi from "../../../src/http/openapi/openapi.json" with { type: "json" };

type Schema = { readonly [keyword: string]: unknown };
type Response = {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
  readonly "x-problem-codes"?: readonly string[];
};
type Operation = { readonly operationId: string; readonly responses: Readonly<Record<string, Response>> };

const PATHS = Object.entries(openapi.paths as unknown as Record<string, Record<string, Operation>>).map(
  ([template, methods]) => ({
    pattern: new RegExp(`^${template.replace(/\{\w+\}/g, "[^/]+")}$`),
    methods,
  }),
);

/** The operation of a request; undefined for a path or method that the description does not know. */
export function operationOf(method: string, path: string): Operation | undefined {
  const [withoutQuery = ""] = path.split("?");
  return PATHS.find(({ pattern }) => pattern.test(withoutQuery))?.methods[method.toLowerCase()];
}

/** Why an answer is not the one described; empty for one that is. */
export function undescribed(operation: Operation, status: number, contentType: string, json: unknown): string[] {
  const response = operation.responses[status];
  const place = `${operation.operationId} ${status}`;
  if (!response) return [`${place}: status not described`];
  if (!response.content) return contentType === "" ? [] : [`${place}: a body that is not described`];
  const media = response.content[contentType.split(";")[0] ?? ""];
  if (!media) return [`${place}: media type ${contentType} not described`];
  const codes = response["x-problem-codes"];
  const { code } = (json ?? {}) as { readonly code?: unknown };
  const unlisted = codes && !codes.includes(String(code)) ? [`${place}: code ${code} is not described`] : [];
  // What is not JSON is bytes or a page, which a schema cannot look into.
  const isJson = /[/+]json$/.test(contentType.split(";")[0] ?? "");
  return [...unlisted, ...(media.schema && isJson ? faults(media.schema, json, place) : [])];
}

/** The keywords of JSON Schema that the description uses; an unknown one is a fault, so that none is passed over. */
export function faults(schema: Schema, value: unknown, place: string): string[] {
  return Object.entries(schema).flatMap(([keyword, expected]) => {
    const check = KEYWORDS[keyword];
    return check ? check(expected, value, place, schema) : [`${place}: keyword ${keyword} is not checked`];
  });
}

type Check = (expected: never, value: unknown, place: string, schema: Schema) => string[];
type AnyCheck = (expected: unknown, value: unknown, place: string, schema: Schema) => string[];

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const when = (condition: boolean, fault: string): string[] => (condition ? [fault] : []);

const CHECKS: Readonly<Record<string, Check>> = {
  $ref: (ref: string, value, place) => {
    const name = ref.replace("#/components/schemas/", "");
    const schema = (openapi.components.schemas as unknown as Record<string, Schema>)[name];
    return schema ? faults(schema, value, place) : [`${place}: no schema ${name}`];
  },
  type: (types: string | string[], value, place) => {
    const wanted = [types].flat();
    return when(
      !wanted.some((type) => typeOf(value, type) === type),
      `${place}: expected ${wanted}, got ${typeof value}`,
    );
  },
  enum: (values: unknown[], value, place) =>
    when(!values.includes(value), `${place}: ${String(value)} is not one of the enum`),
  required: (names: string[], value, place) =>
    names.flatMap((name) => when(isRecord(value) && !(name in value), `${place}: ${name} is missing`)),
  properties: (properties: Record<string, Schema>, value, place) =>
    !isRecord(value)
      ? []
      : Object.entries(properties).flatMap(([name, schema]) =>
          name in value ? faults(schema, value[name], `${place}/${name}`) : [],
        ),
  additionalProperties: (allowed: boolean | Schema, value, place, schema) => {
    if (allowed !== false || !isRecord(value)) return [];
    const known = Object.keys((schema.properties ?? {}) as object);
    return Object.keys(value).flatMap((name) => when(!known.includes(name), `${place}: ${name} is not described`));
  },
  items: (schema: Schema, value, place) =>
    Array.isArray(value) ? value.flatMap((item, index) => faults(schema, item, `${place}/${index}`)) : [],
  allOf: (schemas: Schema[], value, place) => schemas.flatMap((schema) => faults(schema, value, place)),
  anyOf: (schemas: Schema[], value, place) => {
    const all = schemas.map((schema) => faults(schema, value, place));
    return all.some((found) => found.length === 0) ? [] : all.flat();
  },
  minimum: (bound: number, value, place) =>
    when(typeof value === "number" && value < bound, `${place}: below ${bound}`),
  maximum: (bound: number, value, place) =>
    when(typeof value === "number" && value > bound, `${place}: above ${bound}`),
  minLength: (bound: number, value, place) =>
    when(typeof value === "string" && value.length < bound, `${place}: too short`),
  maxLength: (bound: number, value, place) =>
    when(typeof value === "string" && value.length > bound, `${place}: too long`),
  minItems: (bound: number, value, place) => when(Array.isArray(value) && value.length < bound, `${place}: too few`),
  maxItems: (bound: number, value, place) => when(Array.isArray(value) && value.length > bound, `${place}: too many`),
  pattern: (pattern: string, value, place) =>
    when(typeof value === "string" && !new RegExp(pattern).test(value), `${place}: does not match ${pattern}`),
  description: () => [],
  example: () => [],
  format: (format: string, value, place) =>
    when(format === "int32" && Number(value) > 2 ** 31 - 1, `${place}: more than an int32 holds`),
};
const KEYWORDS = CHECKS as Readonly<Record<string, AnyCheck>>;

function typeOf(value: unknown, wanted: string): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (wanted === "integer" && Number.isInteger(value)) return "integer";
  return typeof value;
}
