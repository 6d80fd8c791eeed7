/**
 * Requests made from the description of the API: most as it says, some off by a little, some wild. VITE_FUZZ_SEED and
 * VITE_FUZZ_RUNS repeat and lengthen what is made of them.
 */
import fc from "fast-check";
import openapi from "../../../src/http/openapi/openapi.json" with { type: "json" };
import { fromBase64Url } from "../../../src/shared/base64url.ts";
import { base64url } from "./forge-for-now.ts";
import { randomSeed } from "./seed.ts";

export const FUZZ_RUNS = Number(import.meta.env.VITE_FUZZ_RUNS ?? 1500);
export const fuzzSeed = Number(import.meta.env.VITE_FUZZ_SEED ?? randomSeed());
export const FUZZ_TIMEOUT_MS = 60 * 60_000;

type Schema = { readonly [keyword: string]: unknown };
type Parameter = { readonly name: string; readonly in: string; readonly schema: Schema };
type Operation = {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
};

const OPERATIONS = Object.entries(openapi.paths as unknown as Record<string, Record<string, Operation>>).flatMap(
  ([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ template, method: method.toUpperCase(), operation })),
);

/** What means something to the directory: filled before requests are made of it. */
export const known = {
  user: "",
  /** For `Authorization`; a request may come with none of them. */
  authorizations: [] as readonly string[],
  /** In base64url. */
  packages: [] as readonly string[],
  /** In base64url: other than packages, such as references and hashes. */
  texts: [] as readonly string[],
  /** Of clients, and of what they have made. */
  names: ["phone", "laptop"] as readonly string[],
};

export type Fuzzed = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer> | undefined;
};

/** One of them, by a number that is the same in every run of a seed. */
const oneOf = (list: () => readonly string[]): fc.Arbitrary<string> =>
  fc.nat({ max: 20 }).map((index) => list()[index % Math.max(1, list().length)] ?? "");

const packages = oneOf(() => known.packages);
const texts = oneOf(() => known.texts);
const identifier = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0).map(() => known.user) },
  { weight: 2, arbitrary: oneOf(() => known.names) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 300 }) },
);

/** Values of members that have a meaning to the stock of `known`, where hardly any other has. */
const MEANT: Readonly<Record<string, readonly unknown[]>> = {
  ciphersuites: [[1], [3, 1]],
  bundle: [[[1], [3]], [[3, 1]]],
  required_capabilities: [{}],
  exclude_clients: [[]],
  min_remaining_lifetime_seconds: [0],
};

/** Values that a schema allows; what it refers to by these names has arbitraries of its own. */
function valid(schema: Schema): fc.Arbitrary<unknown> {
  const name = typeof schema.$ref === "string" ? schema.$ref.replace("#/components/schemas/", "") : undefined;
  if (name === "Identifier") return identifier;
  if (name === "Base64Url" || name === "Base64UrlText") {
    return fc.oneof(packages, texts, fc.uint8Array({ maxLength: 80 }).map(base64url), fc.string({ maxLength: 20 }));
  }
  if (name) return valid((openapi.components.schemas as unknown as Record<string, Schema>)[name] ?? {});
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  if ("const" in schema) return fc.constant(schema.const);
  const [parts] = [schema.allOf, schema.anyOf].filter(Array.isArray);
  if (parts) return fc.oneof(...parts.map((part) => valid(part as Schema)));
  switch ([schema.type].flat()[0]) {
    case "object": {
      const members = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
      const required = (schema.required ?? []) as readonly string[];
      const model = Object.fromEntries(
        members.map(([member, of]) => {
          const value = fc.oneof(valid(of), ...(MEANT[member] ?? []).map((meant) => fc.constant(meant)));
          return [member, required.includes(member) ? value : sometimes(value)];
        }),
      );
      // JSON leaves out what is undefined.
      return fc.record(model, { noNullPrototype: true });
    }
    case "array":
      return fc.array(valid((schema.items ?? {}) as Schema), { minLength: Number(schema.minItems ?? 0), maxLength: 5 });
    case "integer":
    case "number": {
      const min = Number(schema.minimum ?? 0);
      const max = Math.min(Number(schema.maximum ?? 2 ** 31), 2 ** 31);
      // Ciphersuites that anybody has are among the small ones.
      return fc.oneof(fc.integer({ min, max }), fc.integer({ min, max: Math.min(max, min + 3) }));
    }
    case "boolean":
      return fc.boolean();
    case "string":
      return fc.string({ maxLength: 40 });
    default:
      return fc.jsonValue();
  }
}

/** With all that a member may be most requests would ask for what nobody has. */
const sometimes = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

/** Mostly what the schema allows, now and then something that it does not. */
const nearly = (schema: Schema): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 6, arbitrary: valid(schema) }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) });

const header = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 150,
});

/** Concatenated MLSMessages, whole ones and bent ones. */
const messages = fc
  .array(fc.tuple(packages, fc.option(fc.nat(), { nil: undefined, freq: 1 }), fc.nat({ max: 255 })), { maxLength: 4 })
  .map((parts) => {
    const all = parts.flatMap(([text, at, value]) => {
      const bytes = Uint8Array.from(fromBase64Url(text) ?? []);
      if (at !== undefined && bytes.length > 0) bytes[at % bytes.length] = value;
      return [0, 1, 0, 5, ...bytes];
    });
    return Uint8Array.from(all);
  });

/** Of operations whose path is one of these; of one that is there more often, more. */
export const fuzzedRequests = (paths: readonly string[]): fc.Arbitrary<Fuzzed> =>
  fc.constantFrom(...paths.flatMap((path) => OPERATIONS.filter(({ template }) => template === path))).chain(requestOf);

function requestOf({ template, method, operation }: (typeof OPERATIONS)[number]): fc.Arbitrary<Fuzzed> {
  const parameters = operation.parameters ?? [];
  const content = operation.requestBody?.content ?? {};
  const schema = Object.values(content)[0]?.schema;
  const values = fc.tuple(
    ...parameters.map((parameter) => {
      const value = parameter.in === "header" ? header : nearly(parameter.schema).map(textOf);
      return parameter.in === "path" ? value : fc.option(value, { nil: undefined, freq: 2 });
    }),
  );
  const body: fc.Arbitrary<Fuzzed["body"]> = schema
    ? fc.oneof(
        { weight: 9, arbitrary: nearly(schema).map((value) => JSON.stringify(value)) },
        { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 200 }) },
        { weight: "message/mls" in content ? 5 : 0, arbitrary: messages },
      )
    : fc.constant(undefined);
  return fc.tuple(values, body, fc.nat({ max: 20 })).map(([given, sent, who]): Fuzzed => {
    let path = template;
    const query = new URLSearchParams();
    const mediaType = typeof sent === "string" ? "application/json" : "message/mls";
    const headers: Record<string, string> = sent === undefined ? {} : { "Content-Type": mediaType };
    for (const [index, parameter] of parameters.entries()) {
      const value = given[index];
      if (value === undefined) continue;
      if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, () => encode(value));
      else if (parameter.in === "query") query.set(parameter.name, value);
      else if (value !== "") headers[parameter.name] = value;
    }
    const authorization = known.authorizations[who % (known.authorizations.length + 1)];
    if (authorization !== undefined) headers.Authorization = authorization;
    return { method, path: query.size > 0 ? `${path}?${query}` : path, headers, body: sent };
  });
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Percent-encoded; text that is not well-formed goes as what replaces it, and nothing vanishes from the path. */
function encode(text: string): string {
  const encoded = encodeURIComponent(text.toWellFormed());
  return encoded === "" || encoded === "." || encoded === ".." ? "%20" : encoded;
}
