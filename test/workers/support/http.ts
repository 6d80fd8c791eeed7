/** Calls to the Worker under test, and owners and claimers to make them. */
import { env, exports } from "cloudflare:workers";
import { REASON_HEADER } from "../../../src/http/audited.ts";
import { poolFor } from "../../../src/pool/address.ts";
import { type Registering, registrationBody } from "../../../tools/lib/registration-requests.ts";
import { AUDIENCE, CLAIM, PUBLISH, token } from "./auth.ts";
import { operationOf, undescribed } from "./described.ts";
import { base64url, type Forgery, forge, forgeMany, newSigner, type Signer } from "./forge-for-now.ts";
import { settled } from "./pool-calls.ts";

export const ORIGIN = "https://directory.test";

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed document, or text or bytes of what is no JSON. */
  readonly json: Json;
  readonly bytes: Uint8Array;
};

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into member by member; what is missing fails the test
export type Json = any;

export type Call = {
  readonly token?: string | undefined;
  /** JSON. */
  readonly body?: unknown;
  /** Bytes or text as they are. */
  readonly raw?: BodyInit;
  readonly headers?: Readonly<Record<string, string>>;
  /** Why an operator changes something; undefined for what a test does not care about, null for none. */
  readonly reason?: string | null;
  /** Another Worker than the one under test, or that one with other settings. */
  readonly served?: (request: Request) => Response | Promise<Response>;
};

/** Every answer that any test gets is held against the description of the API. */
export async function call(method: string, path: string, options: Call = {}): Promise<Answer> {
  const body = options.raw ?? (options.body === undefined ? null : JSON.stringify(options.body));
  const served = options.served ?? ((request: Request) => exports.default.fetch(request));
  const response = await served(
    new Request(ORIGIN + path, {
      method,
      body,
      headers: {
        ...(options.token === undefined ? {} : { Authorization: `Bearer ${options.token}` }),
        ...(options.body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(path.startsWith("/v1/admin") && options.reason !== null
          ? { [REASON_HEADER]: options.reason ?? "a test" }
          : {}),
        ...options.headers,
      },
    }),
  );
  const bytes = new Uint8Array(await response.arrayBuffer());
  const isJson = response.headers.get("Content-Type")?.includes("json") === true;
  const json = isJson && bytes.length > 0 ? JSON.parse(new TextDecoder().decode(bytes)) : undefined;
  const operation = operationOf(method, path);
  if (operation) {
    const faults = undescribed(operation, response.status, response.headers.get("Content-Type") ?? "", json);
    if (faults.length > 0) throw new Error(`${method} ${path}: ${faults.join("; ")} in ${JSON.stringify(json)}`);
  }
  if (json?.code !== undefined) expectDetail(json.detail, `${method} ${path}`);
  for (const result of json?.results ?? []) if (!result.ok) expectDetail(result.detail, `${method} ${path}`);
  return { status: response.status, headers: response.headers, json, bytes };
}

/** Whether the detail of a refusal says what was expected and what came. */
export const isTelling = (detail: unknown): boolean =>
  typeof detail === "string" && /\bexpected .+[,;] got\b/s.test(detail) && detail.length < 1_000;

function expectDetail(detail: unknown, where: string): void {
  if (!isTelling(detail)) throw new Error(`${where}: expected a telling detail, got ${JSON.stringify(detail)}`);
}

let serial = 0;

/** A name that no other test has. */
export const freshName = (prefix: string): string => `${prefix}-${++serial}-${crypto.randomUUID().slice(0, 8)}`;

export const clientPath = (user: string, client = "phone"): string =>
  `/v1/users/${encodeURIComponent(user)}/clients/${encodeURIComponent(client)}`;

/** A request to register Ed25519 keys, each with its proof for the Worker under test. */
export const registration = (who: Omit<Registering, "audience">, ...signers: readonly Signer[]) =>
  registrationBody(
    { audience: AUDIENCE, ...who },
    ...signers.map(({ publicKey, secretKey }) => ({ publicKey, privateKey: secretKey })),
  );

/** A user with one registered client, and its calls. */
export async function registeredOwner(user = freshName("owner"), client = "phone", signer: Signer = newSigner()) {
  const bearer = await token({ user, client, scope: PUBLISH });
  const path = clientPath(user, client);
  const as = (method: string, suffix: string, options: Call = {}) =>
    call(method, path + suffix, { token: bearer, ...options });
  const register = async (by: Signer = signer) => as("PUT", "", { body: await registration({ user, client }, by) });
  const registered = await register();
  if (registered.status >= 300) throw new Error(JSON.stringify(registered.json));
  const upload: typeof as = async (...request) => {
    const answer = await as(...request);
    await settled(poolFor(env, user));
    return answer;
  };
  const forgery: Forgery = { identity: user, signer };
  return {
    user,
    client,
    signer,
    token: bearer,
    path,
    as,
    register,
    forge: (change: Partial<Forgery> = {}) => forge({ ...forgery, ...change }),
    forgeMany: (count: number, change: Partial<Forgery> = {}) => forgeMany(count, { ...forgery, ...change }),
    publish: (packages: readonly Uint8Array[]) =>
      upload("POST", "/key-packages", { body: { key_packages: packages.map(base64url) } }),
    replace: (packages: readonly Uint8Array[], query = "") =>
      upload("PUT", `/key-packages${query}`, { body: { key_packages: packages.map(base64url) } }),
    inventory: async () => (await as("GET", "/inventory")).json.inventory,
  };
}

/** Claims by one claimer. */
export async function claimer(user = freshName("claimer"), client = "laptop") {
  const bearer = await token({ user, client, scope: CLAIM });
  return {
    user,
    client,
    token: bearer,
    claim: (target: string, body: unknown = {}, headers: Readonly<Record<string, string>> = {}) =>
      call("POST", `/v1/users/${encodeURIComponent(target)}/claims`, { token: bearer, body, headers }),
    claimMany: (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
      call("POST", "/v1/claims", { token: bearer, body, headers }),
    peek: (target: string, headers: Readonly<Record<string, string>> = {}) =>
      call("GET", `/v1/users/${encodeURIComponent(target)}/clients`, { token: bearer, headers }),
  };
}
