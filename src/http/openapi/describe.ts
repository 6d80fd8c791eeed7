/** The OpenAPI 3.1 description, from the table of operations and the schemas that validate requests. Runs in Node. */
import * as z from "zod/mini";
import { MAX_IDEMPOTENCY_KEY_CHARACTERS } from "../../config/limits.ts";
import { SCOPE_OF } from "../auth/principal.ts";
import type { Answered, Operation } from "../operation.ts";
import { PROBLEMS, type ProblemCode } from "../refusals/problem-codes.ts";
import { problemDocument, requestFaults } from "../resources/service/schemas.ts";
import { identifier, poolId } from "../wire/schemas.ts";
import { problemsOf } from "./problems.ts";

type Json = { [member: string]: unknown };

const REF = "#/components/schemas/";

const DESCRIPTION = `Clients of a messaging app publish MLS KeyPackages (RFC 9420 §10) here; those who may add them to a group claim one, once.
Bytes are base64url without padding. Errors are problem details (RFC 9457) with a stable \`code\`.
Any path may also answer 404 \`route_not_found\` and 405 \`method_not_allowed\`.`;

/** The whole document. */
export function describeApi(version: string, operations: readonly Operation[]): Json {
  const schemas = new Schemas();
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
      license: { name: "MIT", identifier: "MIT" },
    },
    paths,
    components: {
      schemas: schemas.components(),
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "`sub` is the user, `device_id` the client.",
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
    for (const [name, definition] of Object.entries($defs ?? {})) this.#keep(name, definition);
    const name = z.globalRegistry.get(schema)?.id;
    if (name === undefined) return local(root);
    // A root that refers to its own name is among the definitions already.
    if (!("$ref" in root)) this.#keep(name, root);
    return { $ref: REF + name };
  }

  components(): Json {
    return Object.fromEntries([...this.#components].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #keep(name: string, { id: _, ...schema }: Json): void {
    this.#components.set(name, local(schema));
  }
}

/** The same with references to our components instead of the generator's own definitions. */
function local(schema: Json): Json {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', `"${REF}`));
}

function describeOperation(operation: Operation, schemas: Schemas): Json {
  const scope = SCOPE_OF[operation.access];
  const parameters = parametersOf(operation, schemas);
  return {
    operationId: operation.id,
    summary: operation.summary,
    tags: [operation.access],
    ...(scope ? { description: `Scope \`${scope}\`.`, security: [{ token: [] }] } : { security: [] }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(operation.body
      ? {
          requestBody: {
            required: true,
            content: contentOf({ json: operation.body.json, also: operation.body.also ?? [] }, schemas),
          },
        }
      : {}),
    responses: {
      ...Object.fromEntries(operation.answers.map((answer) => [answer.status, describeAnswer(answer, schemas)])),
      ...(operation.revalidates ? { 304: { description: "The caller already has it." } } : {}),
      ...describeProblems(operation, schemas),
    },
  };
}

function parametersOf(operation: Operation, schemas: Schemas): Json[] {
  const inPath = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: schemas.describe(name === "pool" ? poolId : identifier),
  }));
  const inQuery = Object.entries(operation.query?.def.shape ?? {}).map(([name, schema]) => ({
    name,
    in: "query",
    required: false,
    schema: schemas.describe(schema as z.ZodMiniType),
  }));
  const headers: Json[] = [];
  if (operation.takesIdempotencyKey) {
    const pattern = `^[\\x21-\\x7e]{1,${MAX_IDEMPOTENCY_KEY_CHARACTERS}}$`;
    headers.push({ name: "Idempotency-Key", in: "header", required: false, schema: { type: "string", pattern } });
  }
  if (operation.revalidates)
    headers.push({ name: "If-None-Match", in: "header", required: false, schema: { type: "string" } });
  return [...inPath, ...inQuery, ...headers];
}

function describeAnswer(answer: Answered, schemas: Schemas): Json {
  const content = contentOf(answer, schemas);
  return { description: answer.description, ...(Object.keys(content).length > 0 ? { content } : {}) };
}

function contentOf({ json, also }: Pick<Answered, "json" | "also">, schemas: Schemas): Json {
  return {
    ...(json ? { "application/json": { schema: schemas.describe(json) } } : {}),
    ...Object.fromEntries((also ?? []).map((type) => [type, {}])),
  };
}

/** One response for each status, which lists its codes; a code that carries members is an alternative of its own. */
function describeProblems(operation: Operation, schemas: Schemas): Json {
  const members = { invalid_request: requestFaults, ...operation.members };
  const byStatus = Map.groupBy(problemsOf(operation), (code) => PROBLEMS[code].status);
  const responses = [...byStatus].map(([status, codes]) => {
    const plain = codes.filter((code) => members[code] === undefined);
    const alternatives = [
      ...(plain.length > 0 ? [withCodes(plain)] : []),
      ...codes.flatMap((code) => {
        const schema = members[code];
        return schema ? [{ allOf: [withCodes([code]), schemas.describe(schema)] }] : [];
      }),
    ];
    return [
      status,
      {
        description: codes.map((code) => `\`${code}\``).join(", "),
        ...(status === 429 || status === 503
          ? { headers: { "Retry-After": { description: "Seconds.", schema: { type: "integer" } } } }
          : {}),
        content: {
          "application/problem+json": {
            schema: { allOf: [schemas.describe(problemDocument), ...oneOrAny(alternatives)] },
          },
        },
      },
    ];
  });
  return Object.fromEntries(responses);
}

const withCodes = (codes: readonly ProblemCode[]): Json => ({
  type: "object",
  required: ["code"],
  properties: { code: { enum: codes } },
});

const oneOrAny = (alternatives: readonly Json[]): readonly Json[] =>
  alternatives.length > 1 ? [{ anyOf: alternatives }] : alternatives;
