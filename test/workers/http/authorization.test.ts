/** Every protected route × everybody who may ask. A row is missing or too many: the first test fails. */
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Access } from "../../../src/http/operation.ts";
import { OPERATIONS } from "../../../src/http/resources/all-operations.ts";
import { poolName } from "../../../src/pool/address.ts";
import { ADMIN, CLAIM, DATA, PUBLISH, REVOKE, ROUTES, type TokenOptions, token } from "../support/auth.ts";
import { base64url } from "../support/forge-for-now.ts";
import { type Call, call, freshName, registeredOwner } from "../support/http.ts";

type Asker =
  | "no token"
  | "expired"
  | "wrong audience"
  | "wrong scope"
  | "other user"
  | "other client"
  | "publisher"
  | "sibling"
  | "other user's sibling"
  | "self"
  | "other self"
  | "claimer"
  | "router"
  | "operator";

const SCOPE: Readonly<Record<Access, string>> = {
  publisher: PUBLISH,
  sibling: REVOKE,
  self: DATA,
  claimer: CLAIM,
  router: ROUTES,
  operator: ADMIN,
  anyone: "",
};
const WRONG_SCOPE: Readonly<Record<Access, string>> = {
  publisher: CLAIM,
  sibling: PUBLISH,
  self: REVOKE,
  claimer: PUBLISH,
  router: CLAIM,
  operator: PUBLISH,
  anyone: "",
};

/** What each asker's token says, for a route of `access` about this user's phone. */
const TOKENS: Readonly<Record<Asker, (access: Access, user: string) => TokenOptions | undefined>> = {
  "no token": () => undefined,
  expired: (access, user) => ({ user, scope: SCOPE[access], expiresIn: -60 }),
  "wrong audience": (access, user) => ({ user, scope: SCOPE[access], audience: "elsewhere" }),
  "wrong scope": (access, user) => ({ user, scope: WRONG_SCOPE[access] }),
  "other user": () => ({ user: "mallory", scope: PUBLISH }),
  "other client": (_, user) => ({ user, client: "tablet", scope: PUBLISH }),
  publisher: (_, user) => ({ user, scope: PUBLISH }),
  sibling: (_, user) => ({ user, client: "tablet", scope: REVOKE }),
  "other user's sibling": () => ({ user: "mallory", client: "tablet", scope: REVOKE }),
  self: (_, user) => ({ user, client: "tablet", scope: DATA }),
  "other self": () => ({ user: "mallory", client: "tablet", scope: DATA }),
  claimer: () => ({ user: "bob", client: "laptop", scope: CLAIM }),
  router: () => ({ user: "delivery", client: undefined, scope: ROUTES }),
  operator: () => ({ user: "olga", client: undefined, scope: ADMIN }),
};
const ASKERS = Object.keys(TOKENS) as Asker[];

const ANSWERS: Readonly<Record<Exclude<Access, "anyone">, Readonly<Record<Asker, string>>>> = {
  publisher: {
    "no token": "token_missing",
    expired: "token_expired",
    "wrong audience": "wrong_audience",
    "wrong scope": "insufficient_scope",
    "other user": "not_owner",
    "other client": "not_owner",
    publisher: "allowed",
    sibling: "insufficient_scope",
    "other user's sibling": "insufficient_scope",
    self: "insufficient_scope",
    "other self": "insufficient_scope",
    claimer: "insufficient_scope",
    router: "insufficient_scope",
    operator: "insufficient_scope",
  },
  sibling: {
    "no token": "token_missing",
    expired: "token_expired",
    "wrong audience": "wrong_audience",
    "wrong scope": "insufficient_scope",
    "other user": "insufficient_scope",
    "other client": "insufficient_scope",
    publisher: "insufficient_scope",
    sibling: "allowed",
    "other user's sibling": "not_owner",
    self: "insufficient_scope",
    "other self": "insufficient_scope",
    claimer: "insufficient_scope",
    router: "insufficient_scope",
    operator: "insufficient_scope",
  },
  self: {
    "no token": "token_missing",
    expired: "token_expired",
    "wrong audience": "wrong_audience",
    "wrong scope": "insufficient_scope",
    "other user": "insufficient_scope",
    "other client": "insufficient_scope",
    publisher: "insufficient_scope",
    sibling: "insufficient_scope",
    "other user's sibling": "insufficient_scope",
    self: "allowed",
    "other self": "not_owner",
    claimer: "insufficient_scope",
    router: "insufficient_scope",
    operator: "insufficient_scope",
  },
  claimer: {
    "no token": "token_missing",
    expired: "token_expired",
    "wrong audience": "wrong_audience",
    "wrong scope": "insufficient_scope",
    "other user": "insufficient_scope",
    "other client": "insufficient_scope",
    publisher: "insufficient_scope",
    sibling: "insufficient_scope",
    "other user's sibling": "insufficient_scope",
    self: "insufficient_scope",
    "other self": "insufficient_scope",
    claimer: "allowed",
    router: "insufficient_scope",
    operator: "insufficient_scope",
  },
  router: {
    "no token": "token_missing",
    expired: "token_expired",
    "wrong audience": "wrong_audience",
    "wrong scope": "insufficient_scope",
    "other user": "insufficient_scope",
    "other client": "insufficient_scope",
    publisher: "insufficient_scope",
    sibling: "insufficient_scope",
    "other user's sibling": "insufficient_scope",
    self: "insufficient_scope",
    "other self": "insufficient_scope",
    claimer: "insufficient_scope",
    router: "allowed",
    operator: "insufficient_scope",
  },
  operator: {
    "no token": "token_missing",
    expired: "token_expired",
    "wrong audience": "wrong_audience",
    "wrong scope": "insufficient_scope",
    "other user": "insufficient_scope",
    "other client": "insufficient_scope",
    publisher: "insufficient_scope",
    sibling: "insufficient_scope",
    "other user's sibling": "insufficient_scope",
    self: "insufficient_scope",
    "other self": "insufficient_scope",
    claimer: "insufficient_scope",
    router: "insufficient_scope",
    operator: "allowed",
  },
};

const NO_DIGEST = base64url(new Uint8Array(32));

/** A request of each operation that is answered with success to whoever is allowed. */
const REQUESTS: Readonly<Record<string, (user: string) => Call>> = {
  registerClient: () => ({ body: { signature_keys: {} } }),
  getClient: () => ({}),
  revokeClient: () => ({}),
  endSibling: () => ({}),
  publishKeyPackages: () => ({ body: { key_packages: [] } }),
  replaceKeyPackages: () => ({ body: { key_packages: [] } }),
  removeKeyPackages: () => ({ body: { all: true } }),
  getInventory: () => ({}),
  reconcile: () => ({ body: { digest: NO_DIGEST } }),
  getJournal: () => ({}),
  listClients: () => ({}),
  claimUser: () => ({ body: {} }),
  claimUsers: (user) => ({ body: { users: [user] } }),
  findRoutes: (user) => ({ body: { key_package_refs: ["AAAA"], users: [user] } }),
  exportOwnData: () => ({}),
  eraseOwnData: () => ({}),
  exportUser: () => ({}),
  eraseUser: () => ({}),
  forgetInPool: () => ({ body: { users: ["mallory"] } }),
  getStock: () => ({}),
  listUsers: () => ({}),
  getUser: () => ({}),
  getUserJournal: () => ({}),
  purgeClient: () => ({}),
  resyncUser: () => ({}),
  resyncPool: () => ({}),
  getRestoreEpoch: () => ({}),
  previewRestoreEpoch: () => ({}),
  setRestoreEpoch: () => ({ body: { restore_epoch: 1 } }),
  revokeUser: () => ({}),
  endClient: () => ({}),
  resetBudgets: () => ({}),
  raiseBudgets: () => ({ body: { factor: 2, until: Math.floor(Date.now() / 1000) + 60 } }),
  blockUser: () => ({ body: { until: 3_000_000_000 } }),
  unblockUser: () => ({}),
  listBlockedUsers: () => ({}),
  getIssuerKeys: () => ({}),
  refreshIssuerKeys: () => ({}),
  getTop: () => ({}),
  getSeries: () => ({}),
  getAuditTrail: () => ({}),
};

const poolIdOf = (user: string): string => env.POOL.idFromName(poolName(user)).toString();

/** Codes with which somebody who was let in may still be answered here. */
const LET_IN = ["allowed", "invalid_request", "empty_replacement", "restore_epoch_older"];

const guarded = OPERATIONS.filter((operation) => operation.access !== "anyone");

test("the table has every operation that is not open to all", () => {
  expect(Object.keys(REQUESTS)).toEqual(guarded.map(({ id }) => id));
});

const rows = guarded.flatMap((operation) => ASKERS.map((asker) => [operation.id, asker, operation] as const));

test.each(rows)("%s asked by %s", async (id, asker, operation) => {
  if (operation.access === "anyone") throw new Error("not in the table");
  const expected = ANSWERS[operation.access][asker];
  // Only who is let in changes anything, so only that one needs a user of its own.
  const { user } = expected === "allowed" ? await registeredOwner() : { user: freshName("user") };
  const path = operation.path.replace("{user}", user).replace("{client}", "phone").replace("{pool}", poolIdOf(user));
  const options = TOKENS[asker](operation.access, user);
  const { status, json } = await call(operation.method, path, {
    token: options && (await token(options)),
    ...REQUESTS[id]?.(user),
  });
  const code = json?.code ?? "allowed";
  expect(expected === "allowed" ? LET_IN.includes(code) : code === expected, `${status} ${code}`).toBe(true);
});
