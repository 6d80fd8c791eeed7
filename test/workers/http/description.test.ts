import { expect, test } from "vitest";
import { app } from "../../../src/http/app.ts";
import { describeApi } from "../../../src/http/openapi/describe.ts";
import { ALL_OPERATIONS, DESCRIBED_OPERATIONS, DESCRIPTIONS } from "../../../src/http/openapi/described-operations.ts";
import { EXAMPLES } from "../../../src/http/openapi/examples.ts";
import openapi from "../../../src/http/openapi/openapi.json" with { type: "json" };
import { parameterOf } from "../../../src/http/openapi/parameters.ts";
import { asOpenApi30 } from "../../../src/http/openapi/plain-schema.ts";
import { operation } from "../../../src/http/operation.ts";
import { PROBLEMS } from "../../../src/http/refusals/problem-codes.ts";
import { refuse } from "../../../src/http/refusals/refusal.ts";
import { OPERATIONS } from "../../../src/http/resources/all-operations.ts";
import { faults } from "../support/described.ts";
import { call } from "../support/http.ts";

test("the description knows every route and no other", () => {
  const routes = app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
  const described = OPERATIONS.map(({ method, path }) => `${method} ${path}`);
  expect(new Set(routes)).toEqual(new Set(described));
});

test("what is described is an operation", () => {
  expect(new Set(Object.keys(DESCRIPTIONS))).toEqual(new Set(ALL_OPERATIONS.map(({ id }) => id)));
});

test("the committed description is the one that the schemas give", () => {
  expect(openapi).toEqual(describeApi(openapi.info.version, DESCRIBED_OPERATIONS));
});

test("every code is described at some operation, or holds for all paths", () => {
  const text = JSON.stringify(openapi.paths);
  const missing = Object.keys(PROBLEMS).filter((code) => !text.includes(`"${code}"`));
  expect(missing).toEqual(["route_not_found", "method_not_allowed"]);
});

test("every request and every answer in JSON has an example, which its schema takes", () => {
  const examples = DESCRIBED_OPERATIONS.flatMap(({ id, body, answers }) => [
    ...(body ? [{ id, schema: body.json, example: EXAMPLES[id]?.request }] : []),
    ...answers.flatMap(({ json }) => (json ? [{ id, schema: json, example: EXAMPLES[id]?.answer }] : [])),
  ]);
  expect(examples.length).toBeGreaterThan(20);
  const wrong = examples.filter(({ schema, example }) => !schema.safeParse(example).success);
  expect(wrong.map(({ id }) => id)).toEqual([]);
});

type DescribedParameter = { name: string; in: string; description?: string; example?: unknown; schema: object };
type Described = {
  description?: string;
  parameters?: DescribedParameter[];
  responses: Record<string, { headers?: object; content?: Record<string, { schema?: { $ref?: string } }> }>;
};
const described = Object.entries(openapi.paths as unknown as Record<string, Record<string, Described>>).flatMap(
  ([path, methods]) => Object.entries(methods).map(([method, one]) => ({ name: `${method} ${path}`, ...one })),
);
const namedSchemas = openapi.components.schemas as unknown as Record<string, { properties?: Record<string, object> }>;

test("every operation and every parameter says what it is, and a parameter has an example", () => {
  const silent = described.flatMap(({ name, description, parameters = [] }) => [
    ...(description ? [] : [name]),
    ...parameters.flatMap((one) =>
      one.description && (one.example !== undefined || one.in === "header") ? [] : [`${name}: ${one.name}`],
    ),
  ]);
  expect(silent).toEqual([]);
  expect(() => parameterOf("colour")).toThrow("colour");
});

test("pages have one form: a list with `next`, which is opaque and goes into `after`", () => {
  const paged = described.flatMap(({ name, parameters = [], responses }) => {
    const ref = responses["200"]?.content?.["application/json"]?.schema?.$ref?.split("/").at(-1) ?? "";
    const next = namedSchemas[ref]?.properties?.next;
    const after = parameters.find((one) => one.name === "after");
    return next || after ? [{ name, next, after: after?.schema }] : [];
  });
  expect(paged.length).toBeGreaterThan(3);
  for (const { name, next, after } of paged) {
    expect([name, next]).toMatchObject([name, { type: ["string", "null"] }]);
    expect([name, after]).toEqual([name, { $ref: "#/components/schemas/Cursor" }]);
  }
});

test("every response names its headers: when to come back, what a token lacks, and the request", () => {
  const wanted = (status: string) => [
    ...(/^(429|503)$/.test(status) ? ["Retry-After"] : []),
    ...(/^(401|403)$/.test(status) ? ["WWW-Authenticate"] : []),
    "X-Request-Id",
  ];
  const missing = described.flatMap(({ name, responses }) =>
    Object.entries(responses).flatMap(([status, { headers = {} }]) =>
      wanted(status).flatMap((header) => (header in headers ? [] : [`${name} ${status}: ${header}`])),
    ),
  );
  expect(missing).toEqual([]);
});

test("the description is plain enough for generators: no alternatives, no constants, and a width for each number", () => {
  const schemas: Record<string, unknown>[] = [];
  const collect = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if (!Array.isArray(value)) schemas.push(value as Record<string, unknown>);
    for (const one of Object.values(value)) collect(one);
  };
  collect({ paths: openapi.paths, components: openapi.components });
  const integers = schemas.filter(({ type }) => [type].flat().includes("integer"));
  expect(integers.length).toBeGreaterThan(30);
  expect(integers.filter(({ format }) => format !== "int32" && format !== "int64")).toEqual([]);
  expect(integers.filter(({ minimum }) => typeof minimum !== "number" || minimum < 0)).toEqual([]);
  const forbidden = ["anyOf", "oneOf", "allOf", "const"];
  expect(schemas.filter((schema) => forbidden.some((keyword) => keyword in schema))).toEqual([]);
  // Of these openapi-generator makes Kotlin that does not compile.
  expect(schemas.filter(({ type, enum: values }) => type === "boolean" && values !== undefined)).toEqual([]);
  expect(schemas.filter(({ additionalProperties: open }) => typeof open === "object")).toEqual([]);
  expect(openapi.components.schemas.UnixSeconds.format).toBe("int64");
  expect(openapi.components.schemas.ClientClaim.required).toEqual(["client", "status"]);
});

test("the variant in OpenAPI 3.0 says the same in its words", () => {
  const json = asOpenApi30(openapi) as unknown as typeof openapi;
  expect(json.openapi).toBe("3.0.3");
  expect(json.info).toEqual(openapi.info);
  expect(Object.keys(json.paths)).toEqual(Object.keys(openapi.paths));
  expect(JSON.stringify(json)).not.toContain('"null"');
  expect(json.components.schemas.SuiteInventory.properties.next_expiry).toMatchObject({
    type: "integer",
    format: "int64",
    nullable: true,
  });
});

test("every reference of the description leads somewhere, and every schema is referred to", () => {
  const names = [...JSON.stringify(openapi).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(50);
  expect(new Set(names)).toEqual(new Set(Object.keys(openapi.components.schemas)));
});

test("the check of answers against the description can fail", () => {
  const health = openapi.components.schemas.Health;
  expect(faults(health, { status: "ok" }, "health")).toEqual([]);
  expect(faults(health, { status: "ill" }, "health")).not.toEqual([]);
  expect(faults(health, { status: "ok", more: 1 }, "health")).not.toEqual([]);
  expect(faults(health, {}, "health")).not.toEqual([]);
});

test("a sign of life needs nothing", async () => {
  const health = await call("GET", "/healthz");
  expect([health.status, health.json, health.headers.get("Cache-Control")]).toEqual([
    200,
    { status: "ok" },
    "no-store",
  ]);
});

test("every answer carries its name and the headers that keep browsers out of trouble", async () => {
  const { headers } = await call("GET", "/nowhere");
  expect(headers.get("X-Request-Id")).toMatch(/^[0-9a-f-]{36}$/);
  expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
  // What else is served on the domain is for whoever owns it to decide.
  expect(headers.get("Strict-Transport-Security")).toBe("max-age=31536000");
  expect(headers.get("Content-Security-Policy")).toContain("default-src 'none'");
  expect(headers.get("Access-Control-Allow-Origin")).toBeNull();
});

test("an operation that does not say who may call it does not compile", () => {
  const described = { id: "x", method: "GET", path: "/x", summary: "x", answers: [], problems: [] } as const;
  // @ts-expect-error: `access` is missing; should this line compile, the gate's type check fails on the unused comment.
  operation({ ...described, handle: () => refuse("internal_error", "x") });
  expect(operation({ ...described, access: "operator", handle: () => refuse("internal_error", "x") }).access).toBe(
    "operator",
  );
});
