/** The OpenAPI 3.1 description, from the table of operations and the schemas that validate requests. Runs in Node. */
import * as z from "zod/mini";
import { MAX_IDEMPOTENCY_KEY_CHARACTERS, MAX_REASON_CHARACTERS } from "../../config/limits.ts";
import { SCOPE_OF } from "../../config/scopes.ts";
import { REASON_HEADER } from "../audited.ts";
import { type Access, type Answered, isAudited } from "../operation.ts";
import { PROBLEMS, type ProblemCode, problemType } from "../refusals/problem-codes.ts";
import { problemDocument, requestFaults } from "../resources/service/service-schemas.ts";
import { identifier, poolId } from "../wire/common-schemas.ts";
import type { DescribedOperation } from "./described-operations.ts";
import { EXAMPLES } from "./examples.ts";
import { parameterOf } from "./parameters.ts";
import { type Json, plainSchema } from "./plain-schema.ts";
import { problemsOf } from "./problems.ts";

const REF = "#/components/schemas/";
const REFERENCE = new RegExp(`"\\$ref":"${REF}(\\w+)"`, "g");

const DESCRIPTION = `Clients of a messaging app publish MLS KeyPackages (RFC 9420 §10) here; those who may add them to a group claim one, once.
Bytes are base64url without padding. Errors are problem details (RFC 9457) with a stable \`code\`.
Any path may also answer 404 \`route_not_found\` and 405 \`method_not_allowed\`.`;

const TAGS = [
  { name: "publisher", description: "The owner of a client: registers it and keeps it stocked." },
  { name: "self", description: "A user who asks for what is kept of them, or has it erased." },
  { name: "claimer", description: "Who adds others to a group: looks at their clients and claims a package of each." },
  { name: "router", description: "A delivery service that has a Welcome, and asks whom it is for." },
  { name: "operator", description: "Who runs the directory." },
  { name: "anyone", description: "Needs no token." },
];

const REPOSITORY = "https://github.com/mls-key-directory/mls-key-directory";

/** The whole document. */
export function describeApi(version: string, operations: readonly DescribedOperation[]): Json {
  const schemas = new Schemas();
  schemas.keepProblem(operations);
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method.toLowerCase()]: describeOperation(operation, schemas),
    };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "MLS Key Directory",
      version,
      description: DESCRIPTION,
      contact: { name: "MLS Key Directory", url: REPOSITORY },
      license: { name: "MIT", url: `${REPOSITORY}/blob/main/LICENSE` },
    },
    externalDocs: {
      url: `${REPOSITORY}/blob/main/docs/http-api.md`,
      description: "Why answers are as they are, and what a caller may rely on.",
    },
    servers: [{ url: "/", description: "The deployment that serves this description." }],
    tags: TAGS,
    paths,
    components: {
      schemas: schemas.componentsOf(paths),
      headers: headerComponents(),
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "`sub` is the user, `device_id` the client.",
        },
        capability: {
          type: "http",
          scheme: "capability",
          description: "The secret of a claim capability in base64url, where the deployment takes them.",
        },
      },
    },
  };
}

/** Schemas by name, each written once. */
class Schemas {
  readonly #components = new Map<string, Json>();

  /** A reference to a named schema, or the schema itself. */
  describe(schema: z.ZodMiniType): Json {
    const {
      $schema: _,
      $defs,
      ...root
    } = z.toJSONSchema(schema, { io: "input" }) as Json & { $defs?: Record<string, Json> };
    for (const [name, definition] of Object.entries($defs ?? {})) this.#keep(name, definition, $defs);
    const name = z.globalRegistry.get(schema)?.id;
    if (name === undefined) return this.#plain(root, $defs);
    // A root that refers to its own name is among the definitions already.
    if (!("$ref" in root)) this.#keep(name, root, $defs);
    return { $ref: REF + name };
  }

  /** What the paths refer to, and what that refers to. What may be null is written out in place, and not among them. */
  componentsOf(paths: Json): Json {
    const used = new Set<string>();
    const follow = (part: unknown) => {
      for (const [, name = ""] of JSON.stringify(part).matchAll(REFERENCE)) {
        if (used.has(name)) continue;
        used.add(name);
        follow(this.#components.get(name));
      }
    };
    follow(paths);
    const kept = [...this.#components].filter(([name]) => used.has(name));
    return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /**
   * One schema for all problems: its code is one of all codes, and the members that some codes bring are optional. Which
   * codes a response may have stands at the response.
   */
  keepProblem(operations: readonly DescribedOperation[]): void {
    const membersOf = (schema: z.ZodMiniType) => {
      const { $ref } = this.describe(schema) as { readonly $ref: string };
      const name = $ref.slice(REF.length);
      const { properties } = this.#components.get(name) as { readonly properties: Json };
      this.#components.delete(name);
      return properties;
    };
    const brought = [requestFaults, ...operations.flatMap(({ members }) => Object.values(members ?? {}))];
    const optional = Object.assign({}, ...brought.map((schema) => (schema ? membersOf(schema) : {})));
    this.describe(problemDocument);
    const problem = this.#components.get(PROBLEM) as Json & { readonly properties: Json };
    const code = { type: "string", enum: Object.keys(PROBLEMS) };
    const properties = { ...problem.properties, code, ...optional };
    this.#components.set(PROBLEM, { ...problem, properties, example: PROBLEM_EXAMPLE });
  }

  #keep(name: string, { id: _, ...schema }: Json, definitions: Readonly<Record<string, Json>> | undefined): void {
    if (!this.#components.has(name)) this.#components.set(name, this.#plain(schema, definitions));
  }

  #plain(schema: Json, definitions: Readonly<Record<string, Json>> = {}): Json {
    return local(plainSchema(schema, definitions));
  }
}

const PROBLEM = "Problem";

/** The same with references to our components instead of the generator's own definitions. */
function local(schema: Json): Json {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', `"${REF}`));
}

function describeOperation(operation: DescribedOperation, schemas: Schemas): Json {
  const scope = SCOPE_OF[operation.access];
  const parameters = parametersOf(operation, schemas);
  const example = EXAMPLES[operation.id] ?? {};
  return {
    operationId: operation.id,
    summary: operation.summary,
    tags: [operation.access],
    description: scope ? `Scope \`${scope}\`. ${WHO[operation.access]}` : WHO[operation.access],
    security: scope ? [{ token: [] }, ...(operation.takesCapability ? [{ capability: [] }] : [])] : [],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(operation.body
      ? {
          requestBody: {
            required: true,
            ...(operation.body.also?.includes("message/mls") ? { description: `In JSON, or ${MLS_MESSAGES}.` } : {}),
            content: contentOf(
              { json: operation.body.json, also: operation.body.also ?? [] },
              schemas,
              example.request,
            ),
          },
        }
      : {}),
    responses: {
      ...Object.fromEntries(
        operation.answers.map((answer) => [answer.status, describeAnswer(answer, operation, schemas)]),
      ),
      ...(operation.revalidates
        ? { 304: { description: "The caller already has it.", headers: headersOf(["ETag"]) } }
        : {}),
      ...describeProblems(operation, schemas),
    },
  };
}

/** Whose token it must be. */
const WHO: Readonly<Record<Access, string>> = {
  anyone: "Needs no token.",
  publisher: "The token must be of the user and the client in the path.",
  sibling: "The token must be of the user in the path, and may be of any of the user's clients.",
  self: "The token must be of the user in the path.",
  claimer: "The token names who claims, and may be of any user.",
  router: "The token needs no client.",
  operator: "The token needs no client.",
};

/** RFC 9420 §17.10. */
const MLS_MESSAGES = "as `message/mls`: MLSMessages one after the other";

function parametersOf(operation: DescribedOperation, schemas: Schemas): Json[] {
  const inPath = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    ...parameterOf(name),
    schema: schemas.describe(name === "pool" ? poolId : identifier),
  }));
  const inQuery = Object.entries(operation.query?.def.shape ?? {}).map(([name, schema]) => ({
    name,
    in: "query",
    required: false,
    ...parameterOf(name),
    schema: schemas.describe(schema as z.ZodMiniType),
  }));
  const headers: Json[] = [];
  if (operation.takesIdempotencyKey) {
    headers.push({
      name: "Idempotency-Key",
      in: "header",
      required: false,
      description:
        "A random text, new for each claim and the same for each repetition of it: 1 to 128 visible ASCII characters. Without one a lost answer cannot be had again.",
      schema: { type: "string", pattern: `^[!-~]{1,${MAX_IDEMPOTENCY_KEY_CHARACTERS}}$` },
      example: "9b2f6a1e-6d1c-4b7e-8f0a-2f6b0c7d9e11",
    });
  }
  if (isAudited(operation)) {
    headers.push({
      name: REASON_HEADER,
      in: "header",
      required: operation.audit !== "itself",
      description: `Why: 1 to ${MAX_REASON_CHARACTERS} characters for the record of operators' changes, those beyond ASCII and \`%\` percent-encoded.`,
      schema: { type: "string", minLength: 1 },
      example: "ticket 4711, lost phone",
    });
  }
  if (operation.revalidates)
    headers.push({
      name: "If-None-Match",
      in: "header",
      required: false,
      description: "The `ETag` of an earlier answer.",
      schema: { type: "string" },
    });
  return [...inPath, ...inQuery, ...headers];
}

function describeAnswer(answer: Answered, operation: DescribedOperation, schemas: Schemas): Json {
  const content = contentOf(answer, schemas, EXAMPLES[operation.id]?.answer);
  const description = answer.also?.includes("message/mls")
    ? `${answer.description} With \`Accept: message/mls\` the packages alone, ${MLS_MESSAGES}.`
    : answer.description;
  const headers = headersOf([
    ...(operation.revalidates ? (["ETag"] as const) : []),
    ...(operation.takesIdempotencyKey ? (["Idempotent-Replayed", "Claim-Status"] as const) : []),
  ]);
  return { description, headers, ...(Object.keys(content).length > 0 ? { content } : {}) };
}

const HEADERS = {
  "Claim-Status": ["With `message/mls`: the status of the claim.", { type: "string" }],
  ETag: ["To be sent as `If-None-Match`.", { type: "string" }],
  "Idempotent-Replayed": [
    "`true` on an answer that was given before under the same key.",
    { type: "string", enum: ["true"] },
  ],
  "Retry-After": ["Seconds until it is worth to ask again.", { type: "integer", minimum: 1, format: "int32" }],
  "WWW-Authenticate": ["What the token lacks (RFC 6750 §3).", { type: "string" }],
  "X-Request-Id": ["Names the request in the logs.", { type: "string", format: "uuid" }],
} as const;

const HEADERS_OF_STATUS: Readonly<Record<number, readonly (keyof typeof HEADERS)[]>> = {
  401: ["WWW-Authenticate"],
  403: ["WWW-Authenticate"],
  429: ["Retry-After"],
  503: ["Retry-After"],
};

/** Headers of a response, and the one that every response has. */
function headersOf(names: readonly (keyof typeof HEADERS)[]): Json {
  const all = [...names, "X-Request-Id"] as const;
  return Object.fromEntries(all.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

const headerComponents = (): Json =>
  Object.fromEntries(Object.entries(HEADERS).map(([name, [description, schema]]) => [name, { description, schema }]));

const MEDIA = {
  "application/json": { schema: { type: "object" } },
  // MLSMessages one after the other (RFC 9420 §17.10).
  "message/mls": { schema: { type: "string", format: "binary" } },
} as const;

function contentOf({ json, also }: Pick<Answered, "json" | "also">, schemas: Schemas, example: unknown): Json {
  return {
    ...(json
      ? { "application/json": { schema: schemas.describe(json), ...(example === undefined ? {} : { example }) } }
      : {}),
    ...Object.fromEntries((also ?? []).map((type) => [type, MEDIA[type]])),
  };
}

/** One response for each status, which lists its codes. */
function describeProblems(operation: DescribedOperation, schemas: Schemas): Json {
  const byStatus = Map.groupBy(problemsOf(operation), (code) => PROBLEMS[code].status);
  const responses = [...byStatus].map(([status, codes]) => [
    status,
    {
      description: codes.map((code) => `\`${code}\``).join(", "),
      headers: headersOf(HEADERS_OF_STATUS[status] ?? []),
      content: {
        "application/problem+json": { schema: schemas.describe(problemDocument), example: problemExample(codes) },
      },
      "x-problem-codes": codes,
    },
  ]);
  return Object.fromEntries(responses);
}

const exampleOf = (code: ProblemCode, detail: string) => ({
  type: problemType("https://directory.example.com", code),
  title: PROBLEMS[code].title,
  status: PROBLEMS[code].status,
  code,
  detail,
  instance: "urn:uuid:6f2a1c9e-8d0b-4c1a-9a55-0e1f6d1f7b11",
});

const PROBLEM_EXAMPLE = exampleOf("unknown_user", 'expected a user of the directory, got "alicia"');

/** Of a response: with its first code. */
const problemExample = ([code = "internal_error"]: readonly ProblemCode[]) =>
  exampleOf(code, "expected something, got something else: each detail says what");
