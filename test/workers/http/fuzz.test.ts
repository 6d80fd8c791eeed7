/**
 * Requests made from the description of the API: most as it says, some off by a little, some wild. No answer is a
 * fault, and none is outside of the description (`call` sees to that). VITE_FUZZ_SEED and VITE_FUZZ_RUNS repeat and
 * lengthen it.
 */
import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import openapi from "../../../src/http/openapi/openapi.json" with { type: "json" };
import { OPERATIONS as SERVED_OPERATIONS } from "../../../src/http/resources/all-operations.ts";
import { fromBase64Url } from "../../../src/shared/base64url.ts";
import { ADMIN, CLAIM, PUBLISH, token } from "../support/auth.ts";
import { base64url } from "../support/forge-for-now.ts";
import { call, registeredOwner } from "../support/http.ts";
import { randomSeed } from "../support/seed.ts";

const RUNS = Number(import.meta.env.VITE_FUZZ_RUNS ?? 1500);
const seed = Number(import.meta.env.VITE_FUZZ_SEED ?? randomSeed());
const TIMEOUT_MS = 60 * 60_000;

type Schema = { readonly [keyword: string]: unknown };
type Parameter = { readonly name: string; readonly in: string; readonly schema: Schema };
type Operation = {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
};

/** Of the build under test: the description also has the routes of the full one. */
const SERVED: ReadonlySet<string> = new Set(SERVED_OPERATIONS.map(({ path }) => path));

const OPERATIONS = Object.entries(openapi.paths as unknown as Record<string, Record<string, Operation>>)
  .filter(([path]) => SERVED.has(path))
  .flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ template, method: method.toUpperCase(), operation })),
  );

/** Packages and names that mean something to the directory; filled before the requests are made. */
const known = { user: "", tokens: [] as string[], packages: [] as string[] };

const meaningful = fc.nat({ max: 20 }).map((index) => known.packages[index % known.packages.length] ?? "");
const identifier = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0).map(() => known.user) },
  { weight: 2, arbitrary: fc.constantFrom("phone", "laptop") },
  { weight: 1, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 300 }) },
);

/** Values that a schema allows; what it refers to by these names has arbitraries of its own. */
function valid(schema: Schema): fc.Arbitrary<unknown> {
  const name = typeof schema.$ref === "string" ? schema.$ref.replace("#/components/schemas/", "") : undefined;
  if (name === "Identifier") return identifier;
  if (name === "Base64Url" || name === "Base64UrlText") {
    return fc.oneof(meaningful, fc.uint8Array({ maxLength: 80 }).map(base64url), fc.string({ maxLength: 20 }));
  }
  if (name) return valid((openapi.components.schemas as unknown as Record<string, Schema>)[name] ?? {});
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  if ("const" in schema) return fc.constant(schema.const);
  const [parts] = [schema.allOf, schema.anyOf].filter(Array.isArray);
  if (parts) return fc.oneof(...parts.map((part) => valid(part as Schema)));
  switch ([schema.type].flat()[0]) {
    case "object": {
      const members = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
      const model = Object.fromEntries(members.map(([member, of]) => [member, valid(of)]));
      return fc.record(model, { requiredKeys: (schema.required ?? []) as never[], noNullPrototype: true });
    }
    case "array":
      return fc.array(valid((schema.items ?? {}) as Schema), { minLength: Number(schema.minItems ?? 0), maxLength: 5 });
    case "integer":
    case "number":
      return fc.integer({
        min: Number(schema.minimum ?? 0),
        max: Math.min(Number(schema.maximum ?? 2 ** 31), 2 ** 31),
      });
    case "boolean":
      return fc.boolean();
    case "string":
      return fc.string({ maxLength: 40 });
    default:
      return fc.jsonValue();
  }
}

/** Mostly what the schema allows, now and then something that it does not. */
const nearly = (schema: Schema): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 6, arbitrary: valid(schema) }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) });

const header = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 150,
});

type Fuzzed = {
  readonly method: string;
  readonly path: string;
  readonly bearer: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer> | undefined;
};

/** Concatenated MLSMessages, whole ones and bent ones. */
const messages = fc
  .array(fc.tuple(meaningful, fc.option(fc.nat(), { nil: undefined, freq: 1 }), fc.nat({ max: 255 })), { maxLength: 4 })
  .map((parts) => {
    const all = parts.flatMap(([text, at, value]) => {
      const bytes = Uint8Array.from(fromBase64Url(text) ?? []);
      if (at !== undefined && bytes.length > 0) bytes[at % bytes.length] = value;
      return [0, 1, 0, 5, ...bytes];
    });
    return Uint8Array.from(all);
  });

const request = fc.constantFrom(...OPERATIONS).chain(({ template, method, operation }) => {
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
  return fc.tuple(values, body, fc.nat({ max: 4 })).map(([given, sent, bearer]): Fuzzed => {
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
    return { method, path: query.size > 0 ? `${path}?${query}` : path, bearer, headers, body: sent };
  });
});

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Percent-encoded; text that is not well-formed goes as what replaces it, and nothing vanishes from the path. */
function encode(text: string): string {
  const encoded = encodeURIComponent(text.toWellFormed());
  return encoded === "" || encoded === "." || encoded === ".." ? "%20" : encoded;
}

beforeAll(async () => {
  const owner = await registeredOwner();
  known.user = owner.user;
  known.packages = [
    ...owner.forgeMany(18),
    owner.forge({ lastResort: true }),
    owner.forge({ breakSignature: true }),
  ].map(base64url);
  const who = { user: owner.user, client: owner.client };
  known.tokens = [
    owner.token,
    await token({ user: "fuzzer", client: "laptop", scope: CLAIM }),
    await token({ user: "fuzzer", client: "laptop", scope: ADMIN }),
    await token({ ...who, scope: `${PUBLISH} ${CLAIM} ${ADMIN}` }),
  ];
});

it(
  "answers whatever is asked as it is described, and never with a fault",
  async () => {
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(request, async ({ method, path, bearer, headers, body }) => {
        const options = { token: known.tokens[bearer], headers, ...(body === undefined ? {} : { raw: body }) };
        const { status } = await call(method, path, options);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        expect(status).toBeLessThan(500);
      }),
      { numRuns: RUNS, seed },
    );
    // Requests that all bounce off the first check would prove little.
    expect(statuses.get(200) ?? 0).toBeGreaterThan(RUNS / 20);
  },
  TIMEOUT_MS,
);
