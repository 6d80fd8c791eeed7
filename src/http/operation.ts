/**
 * An operation of the API as one value: path, who may call it, what it takes and what it does. Routing, authentication,
 * ownership, body limit, parsing (route.ts) and the description (openapi/) all come from it. What only the description
 * says stands beside it under its id, so that the Worker does not carry it.
 */
import type { Context } from "hono";
import type * as z from "zod/mini";
import type { SCOPE_OF } from "../config/scopes.ts";
import type { Settings } from "../config/settings.ts";
import type { UserClaimer } from "../contract/pool-call.ts";
import type { AppEnv } from "./bindings.ts";
import type { ProblemCode } from "./refusals/problem-codes.ts";
import type { Result } from "./refusals/refusal.ts";
import type { Lists } from "./wire/read-json.ts";

/**
 * Who may call: a publisher reaches its own client only, a sibling any client of its user, self all that is kept of its
 * user, a claimer, a router and an operator any user.
 */
export type Access = keyof typeof SCOPE_OF;

export type MediaType = "application/json" | "message/mls";

export type Answered = {
  readonly status: 200 | 201;
  readonly description: string;
  readonly json?: z.ZodMiniType;
  /** Media types beside JSON. */
  readonly also?: readonly MediaType[];
};

/** A body of JSON, or of another type too if the operation reads its body itself. */
export type Body<Schema extends z.ZodMiniType, Value> = {
  readonly json: Schema;
  readonly also?: readonly MediaType[];
  /** Lists that have a code of their own when they are too long: they are counted before anything in them is looked at. */
  readonly lists?: Lists;
  /** What the largest request of this operation takes; beyond it, as beyond the setting, a body is not read. */
  readonly maxBytes?: (settings: Settings) => number;
  /** By default the JSON is parsed strictly as `json`. */
  readonly read?: (contentType: string | undefined, body: Uint8Array, settings: Settings) => Result<Value>;
};

/** What only the description says of an operation. */
export type Description = {
  readonly summary: string;
  readonly answers: readonly Answered[];
  /** Codes of this operation alone; those that follow from its access, body and needs are added. */
  readonly problems: readonly ProblemCode[];
  /** Members that problems of these codes carry. */
  readonly members?: Readonly<Partial<Record<ProblemCode, z.ZodMiniType>>>;
};

/** By the id of the operation. A resource gives them by a function, so that a bundler can leave it out as a whole. */
export type Descriptions = Readonly<Record<string, Description>>;

type Declared = {
  readonly id: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** The header is validated and handed on as `idempotencyKey`. */
  readonly takesIdempotencyKey?: true;
  /** The secret of a claim capability serves in place of a token. */
  readonly takesCapability?: true;
  /** Answers carry an ETag, and `If-None-Match` may be answered with 304. */
  readonly revalidates?: true;
  /**
   * Changes that operators make are recorded, with the reason in a header of the request. `itself`: the handler does it,
   * where only it can tell whether anything changes; `none`: nothing that is true does.
   */
  readonly audit?: "itself" | "none";
  /** Whose failure may be answered. */
  readonly needs?: "pool" | "directory" | "records";
};

type Parameters<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [Key in Name]: string } & Parameters<Rest>
  : unknown;

/** What a handler is given: everything checked, nothing left to look up. */
export type Input<Path extends string, A extends Access, Query, Value> = Parameters<Path> &
  (A extends "claimer" ? { readonly claimer: UserClaimer } : unknown) & {
    readonly query: Query;
    readonly body: Value;
    readonly idempotencyKey: string | undefined;
  };

type Handler<Value> = (input: Value, c: Context<AppEnv>) => Result<Response> | Promise<Result<Response>>;

/** An operation as routing and the description see it. */
export type Operation = Declared & {
  readonly path: string;
  readonly access: Access;
  readonly query?: z.ZodMiniObject;
  readonly body?: Body<z.ZodMiniType, unknown>;
  readonly handle: Handler<Input<string, Access, unknown, unknown>>;
};

type Typed<
  Path extends string,
  A extends Access,
  Query extends z.ZodMiniObject | undefined,
  Schema extends z.ZodMiniType | undefined,
  Value,
> = Declared & {
  readonly path: Path;
  readonly access: A;
  readonly query?: Query;
  readonly body?: Schema extends z.ZodMiniType ? Body<Schema, Value> : never;
  readonly handle: Handler<Input<Path, A, Query extends z.ZodMiniObject ? z.output<Query> : undefined, Value>>;
};

/** Whether the operation changes something in the name of an operator. */
export const isAudited = ({ access, method, audit }: Pick<Operation, "access" | "method" | "audit">): boolean =>
  access === "operator" && method !== "GET" && audit !== "none";

/** Declares an operation. Its handler's input is typed by the path, the access and the schemas. */
export function operation<
  const Path extends string,
  const A extends Access,
  Query extends z.ZodMiniObject | undefined = undefined,
  Schema extends z.ZodMiniType | undefined = undefined,
  Value = Schema extends z.ZodMiniType ? z.output<Schema> : undefined,
>(typed: Typed<Path, A, Query, Schema, Value>): Operation {
  // What route.ts hands over was read by these very schemas; only the types of the single operation are forgotten here.
  return typed as unknown as Operation;
}
