/** From an operation to its route: everything that the operation declares is checked here, before its handler runs. */
import { sha256 } from "@noble/hashes/sha2.js";
import type { Context, Hono, MiddlewareHandler } from "hono";
import { etag } from "hono/etag";
import * as z from "zod/mini";
import {
  MAX_IDEMPOTENCY_KEY_CHARACTERS,
  MAX_IDENTIFIER_BYTES,
  MOST_BODY_BYTES,
  SMALL_BODY_BYTES,
} from "../config/limits.ts";
import { SCOPE_OF } from "../config/scopes.ts";
import type { Settings } from "../config/settings.ts";
import { poolIdOf } from "../pool/address.ts";
import { pathIdentifier } from "../shared/identifier.ts";
import { audited } from "./audited.ts";
import { authenticate } from "./auth/authenticate.ts";
import { clientOf, type Principal } from "./auth/principal.ts";
import type { AppEnv } from "./bindings.ts";
import type { Extras } from "./extras.ts";
import { rateLimit } from "./middleware/rate-limit.ts";
import { type Access, type Input, isAudited, type Operation } from "./operation.ts";
import { ok, type Result, refuse } from "./refusals/refusal.ts";
import { poolId } from "./wire/common-schemas.ts";
import { readLimitedBody } from "./wire/limited-body.ts";
import { problem } from "./wire/problem-details.ts";
import { check, readJson } from "./wire/read-json.ts";
import { readQuery } from "./wire/read-query.ts";
import { shownText, shownValue } from "./wire/shown-value.ts";

type AnyInput = Input<string, Operation["access"], unknown, unknown>;

const strongEtag = etag({ generateDigest: (body) => sha256(body).buffer });

/** Adds the operation's route to the app. */
export function route(app: Hono<AppEnv>, operation: Operation, instead?: Instead): void {
  const middleware: MiddlewareHandler<AppEnv>[] = [
    ...(operation.revalidates ? [strongEtag] : []),
    ...authentication(operation, instead),
  ];
  const path = operation.path.replace(/\{(\w+)\}/g, ":$1");
  app.on(operation.method, [path], ...middleware, async (c) => {
    const answer = await answerOf(operation, c);
    return answer.ok ? answer.value : problem(c, answer.error);
  });
}

/** What lets a request in without a token, where it may. */
type Instead = NonNullable<Extras["claimCapabilities"]>["instead"];

function authentication({ access, takesCapability }: Operation, instead?: Instead): MiddlewareHandler<AppEnv>[] {
  const scope = SCOPE_OF[access];
  if (scope === undefined) return [];
  const withToken = [authenticate(scope), rateLimit];
  return takesCapability && instead ? instead(...withToken) : withToken;
}

async function answerOf(operation: Operation, c: Context<AppEnv>): Promise<Result<Response>> {
  const identifiers = readPath(operation, c);
  if (!identifiers.ok) return identifiers;
  const received = operation.body && (await readLimitedBody(c, maxBytes(operation, c.get("deployment").settings)));
  if (received && !received.ok) return received;
  const query = queryOf(operation, c);
  if (query && !query.ok) return query;
  const body = received && readBody(operation, c, received.value);
  if (body && !body.ok) return body;
  const key = operation.takesIdempotencyKey ? c.req.header("Idempotency-Key") : undefined;
  if (key !== undefined && !isIdempotencyKey(key)) {
    const expected = `expected 1 to ${MAX_IDEMPOTENCY_KEY_CHARACTERS} visible ASCII characters`;
    return refuse("invalid_idempotency_key", `${expected}, got ${key.length}: ${shownText(key)}`);
  }
  const input = {
    ...identifiers.value,
    // With a capability nobody is named, and the handler looks at that first.
    ...(operation.access === "claimer" && !c.get("capability") ? { claimer: claimerOf(c) } : {}),
    query: operation.query && query?.value,
    body: body?.value,
    idempotencyKey: key,
  };
  const handle = () => operation.handle(input as AnyInput, c);
  if (!isAudited(operation) || operation.audit === "itself") return handle();
  const { user, pool } = identifiers.value;
  return audited(c, { operation: operation.id, target: user === undefined ? pool : poolIdOf(c.env, user) }, handle);
}

const NO_QUERY = z.strictObject({});

/** What anyone may ask for is read whatever stands behind its address: probes and caches put things there. */
function queryOf({ query, access }: Operation, c: Context<AppEnv>): Result<unknown> | undefined {
  if (query === undefined && access === "anyone") return undefined;
  const schema = query ?? NO_QUERY;
  return check(schema, readQuery(schema, c.req.queries()));
}

/** The identifiers of the path. A publisher's token must be of that very user and client, a sibling's and a user's own of that user. */
function readPath(
  operation: Operation,
  c: Context<AppEnv>,
): Result<{ readonly user?: string; readonly client?: string; readonly pool?: string; readonly capability?: string }> {
  const pool = operation.path.includes("{pool}") ? c.req.param("pool") : null;
  if (pool !== null && !poolId.safeParse(pool).success)
    return refuse("unknown_pool", `${EXPECTED_POOL}, got ${shownValue(pool)}`);
  const user = operation.path.includes("{user}") ? pathIdentifier(c.req.path, "users") : null;
  const client = operation.path.includes("{client}") ? pathIdentifier(c.req.path, "clients") : null;
  const capability = operation.path.includes("{capability}") ? pathIdentifier(c.req.path, "claim-capabilities") : null;
  if (user === undefined || client === undefined || capability === undefined) {
    const which = user === undefined ? "user" : client === undefined ? "client" : "capability";
    return refuse("invalid_identifier", `${which}: ${EXPECTED_IDENTIFIER}, got ${shownText(c.req.path)}`);
  }
  const principal = OF_A_USER.has(operation.access) ? c.get("principal") : undefined;
  const isOthers = operation.access === "publisher" && principal?.client !== client;
  if (principal && (principal.user !== user || isOthers)) return refuse("not_owner", notOwner(operation, principal));
  return ok({
    ...(user === null ? {} : { user }),
    ...(client === null ? {} : { client }),
    ...(capability === null ? {} : { capability }),
    ...(pool ? { pool } : {}),
  });
}

/** Access to what is one user's: the token must be of that user. */
const OF_A_USER: ReadonlySet<Access> = new Set(["publisher", "sibling", "self"]);

const EXPECTED_POOL = "expected the id of an object of this deployment in 64 hexadecimal digits";
const EXPECTED_IDENTIFIER = `expected 1 to ${MAX_IDENTIFIER_BYTES} bytes of UTF-8 without control characters, percent-encoded, and not . or ..`;

function notOwner({ access }: Operation, { user, client }: Principal): string {
  const of = access === "publisher" ? "user and client" : "user";
  return `expected a token of the ${of} in the path, got one of ${[user, client ?? ""].map(shownText).join(" and ")}`;
}

function maxBytes({ body }: Operation, settings: Settings): number {
  return Math.min(settings.maxBodyBytes, MOST_BODY_BYTES, body?.maxBytes?.(settings) ?? SMALL_BODY_BYTES);
}

function readBody({ body }: Operation, c: Context<AppEnv>, bytes: Uint8Array): Result<unknown> | undefined {
  const contentType = c.req.header("Content-Type");
  const { settings } = c.get("deployment");
  if (body?.read) return body.read(contentType, bytes, settings);
  return body && readJson(body.json, contentType, bytes, body.lists?.(settings));
}

function claimerOf(c: Context<AppEnv>): { readonly user: string; readonly client: string } {
  const principal = c.get("principal");
  return { user: principal.user, client: clientOf(principal) };
}

const isIdempotencyKey = (key: string): boolean =>
  key.length <= MAX_IDEMPOTENCY_KEY_CHARACTERS && /^[\x21-\x7e]+$/.test(key);
