/**
 * Every operation of the API with everything it may answer. The description is generated from this table, and tests
 * hold it against the routes and their real answers.
 */
import type * as z from "zod/mini";
import type { ProblemCode } from "../refusals/problem-codes.ts";
import * as admin from "../resources/admin/schemas.ts";
import * as claims from "../resources/claims/schemas.ts";
import * as clients from "../resources/clients/schemas.ts";
import * as keyPackages from "../resources/key-packages/schemas.ts";
import * as service from "../resources/service/schemas.ts";

export type Access = "anyone" | "owner" | "claimer" | "operator";

export type MediaType = "application/json" | "message/mls" | "text/html";

export type Answered = {
  readonly status: 200 | 201 | 304;
  readonly description: string;
  readonly json?: z.ZodMiniType;
  /** Media types beside JSON. */
  readonly also?: readonly MediaType[];
};

export type Operation = {
  readonly id: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly query?: z.ZodMiniObject;
  readonly request?: { readonly json: z.ZodMiniType; readonly also?: readonly MediaType[] };
  readonly takesIdempotencyKey?: true;
  readonly revalidates?: true;
  /** Whose failure may be answered. */
  readonly needs?: "pool" | "directory";
  readonly answers: readonly Answered[];
  /** Codes of this operation alone; those that follow from its access, body and needs are added. */
  readonly problems: readonly ProblemCode[];
  /** Members that problems of these codes carry. */
  readonly members?: Readonly<Partial<Record<ProblemCode, z.ZodMiniType>>>;
};

const CLIENT = "/v1/users/{user}/clients/{client}";
const MLS: readonly MediaType[] = ["message/mls"];
const ok = (description: string, json: z.ZodMiniType): Answered => ({ status: 200, description, json });
const notModified: Answered = { status: 304, description: "The caller has it already." };

export const OPERATIONS: readonly Operation[] = [
  {
    id: "registerClient",
    method: "PUT",
    path: CLIENT,
    access: "owner",
    summary: "Register a client, or add signature keys to it. Idempotent.",
    request: { json: clients.registerRequest },
    needs: "pool",
    answers: [
      { status: 201, description: "Registered.", json: clients.clientAnswer },
      ok("Registered already.", clients.clientAnswer),
    ],
    problems: [
      "invalid_base64",
      "invalid_signature_key",
      "signature_key_conflict",
      "too_many_clients",
      "client_not_registered",
    ],
  },
  {
    id: "getClient",
    method: "GET",
    path: CLIENT,
    access: "owner",
    summary: "Registration and inventory.",
    needs: "pool",
    answers: [ok("The client.", clients.clientAnswer)],
    problems: ["client_not_registered"],
  },
  {
    id: "revokeClient",
    method: "DELETE",
    path: CLIENT,
    access: "owner",
    summary: "End the registration: packages are purged, what was handed out stays known.",
    needs: "pool",
    answers: [ok("Revoked.", clients.revokeAnswer)],
    problems: ["client_not_registered"],
  },
  {
    id: "publishKeyPackages",
    method: "POST",
    path: `${CLIENT}/key-packages`,
    access: "owner",
    summary: "Add a batch of key packages. A bad one never blocks the good ones.",
    request: { json: keyPackages.publishRequest, also: MLS },
    needs: "pool",
    answers: [ok("One result for each package.", keyPackages.publishAnswer)],
    problems: [
      "invalid_base64",
      "malformed_messages",
      "too_many_key_packages",
      "client_not_registered",
      "refusals_exhausted",
    ],
  },
  {
    id: "replaceKeyPackages",
    method: "PUT",
    path: `${CLIENT}/key-packages`,
    access: "owner",
    summary: "Make these packages the whole stock, of every ciphersuite, or change nothing.",
    query: keyPackages.replaceQuery,
    request: { json: keyPackages.publishRequest, also: MLS },
    needs: "pool",
    answers: [ok("Replaced.", keyPackages.publishAnswer)],
    problems: [
      "invalid_base64",
      "malformed_messages",
      "too_many_key_packages",
      "client_not_registered",
      "refusals_exhausted",
      "batch_refused",
      "empty_replacement",
    ],
    members: { batch_refused: keyPackages.refusedBatch },
  },
  {
    id: "removeKeyPackages",
    method: "DELETE",
    path: `${CLIENT}/key-packages`,
    access: "owner",
    summary: "Remove packages by reference, or all of them.",
    request: { json: keyPackages.removeRequest },
    needs: "pool",
    answers: [ok("Removed.", keyPackages.removeAnswer)],
    problems: ["invalid_base64", "too_many_refs", "client_not_registered"],
  },
  {
    id: "getInventory",
    method: "GET",
    path: `${CLIENT}/inventory`,
    access: "owner",
    summary: "What is in stock, zeros included.",
    needs: "pool",
    answers: [ok("The inventory.", keyPackages.inventoryAnswer)],
    problems: ["client_not_registered"],
  },
  {
    id: "reconcile",
    method: "POST",
    path: `${CLIENT}/reconcile`,
    access: "owner",
    summary: "Compare what the client holds private keys for with what the directory would hand out.",
    request: { json: keyPackages.reconcileRequest },
    needs: "pool",
    answers: [ok("The same.", keyPackages.reconcileAnswer)],
    problems: ["invalid_base64", "too_many_refs", "client_not_registered", "stock_differs"],
    members: { stock_differs: keyPackages.reconcileDifference },
  },
  {
    id: "getJournal",
    method: "GET",
    path: `${CLIENT}/journal`,
    access: "owner",
    summary: "Who claimed, when, and what was missed for want of a package.",
    query: keyPackages.journalQuery,
    needs: "pool",
    answers: [ok("A page of the journal.", keyPackages.journalAnswer)],
    problems: ["client_not_registered"],
  },
  {
    id: "listClients",
    method: "GET",
    path: "/v1/users/{user}/clients",
    access: "claimer",
    summary: "A user's clients, ciphersuites and capabilities. Takes nothing.",
    revalidates: true,
    needs: "directory",
    answers: [ok("The clients.", clients.clientListAnswer), notModified],
    problems: ["unknown_user"],
  },
  {
    id: "claimUser",
    method: "POST",
    path: "/v1/users/{user}/claims",
    access: "claimer",
    summary: "One package of each client of the user.",
    request: { json: claims.claimRequest },
    takesIdempotencyKey: true,
    needs: "pool",
    answers: [{ ...ok("What each client gave.", claims.claimAnswer), also: MLS }],
    problems: ["invalid_idempotency_key", "idempotency_key_reused", "unknown_user", "rate_limited"],
    members: { rate_limited: claims.rateLimitedClaim },
  },
  {
    id: "claimUsers",
    method: "POST",
    path: "/v1/claims",
    access: "claimer",
    summary: "One package of each client of many users.",
    request: { json: claims.bulkClaimRequest },
    takesIdempotencyKey: true,
    answers: [{ ...ok("What became of each user.", claims.bulkClaimAnswer), also: MLS }],
    problems: ["invalid_idempotency_key", "idempotency_key_reused", "too_many_users"],
  },
  {
    id: "getStock",
    method: "GET",
    path: "/v1/admin/stock",
    access: "operator",
    summary: "Stock levels of all users, or of those that are low, exhausted or about to expire.",
    query: admin.stockQuery,
    needs: "directory",
    answers: [ok("A page of stock levels.", admin.stockAnswer)],
    problems: [],
  },
  {
    id: "listUsers",
    method: "GET",
    path: "/v1/admin/users",
    access: "operator",
    summary: "All users.",
    query: admin.userListQuery,
    needs: "directory",
    answers: [ok("A page of users.", admin.userListAnswer)],
    problems: [],
  },
  {
    id: "getUser",
    method: "GET",
    path: "/v1/admin/users/{user}",
    access: "operator",
    summary: "A user's pool.",
    needs: "pool",
    answers: [ok("The pool.", admin.userAnswer)],
    problems: ["unknown_user"],
  },
  {
    id: "revokeUser",
    method: "DELETE",
    path: "/v1/admin/users/{user}",
    access: "operator",
    summary: "Revoke every client of a user.",
    needs: "pool",
    answers: [ok("Revoked.", admin.revokeUserAnswer)],
    problems: ["unknown_user"],
  },
  {
    id: "resyncUser",
    method: "POST",
    path: "/v1/admin/users/{user}/resync",
    access: "operator",
    summary: "Write a user's rows of the directory anew.",
    needs: "pool",
    answers: [ok("Written, or about to be.", admin.resyncAnswer)],
    problems: ["unknown_user"],
  },
  {
    id: "getRestoreEpoch",
    method: "GET",
    path: "/v1/admin/restore-epoch",
    access: "operator",
    summary: "The restore epoch in force.",
    needs: "directory",
    answers: [ok("The epoch.", admin.restoreEpochAnswer)],
    problems: [],
  },
  {
    id: "setRestoreEpoch",
    method: "POST",
    path: "/v1/admin/restore-epoch",
    access: "operator",
    summary: "After a restore of storage: void every one-time package stored before now.",
    request: { json: admin.restoreEpochRequest },
    needs: "directory",
    answers: [ok("In force.", admin.restoreEpochAnswer)],
    problems: ["restore_epoch_older"],
    members: { restore_epoch_older: admin.newerRestoreEpoch },
  },
  {
    id: "getPolicy",
    method: "GET",
    path: "/v1/policy",
    access: "anyone",
    summary: "Ciphersuites, limits, thresholds and lifetimes in force.",
    revalidates: true,
    answers: [ok("The policy.", service.policyAnswer), notModified],
    problems: [],
  },
  {
    id: "getHealth",
    method: "GET",
    path: "/healthz",
    access: "anyone",
    summary: "A sign of life.",
    answers: [ok("The Worker runs.", service.healthAnswer)],
    problems: [],
  },
  {
    id: "getOpenApi",
    method: "GET",
    path: "/openapi.json",
    access: "anyone",
    summary: "This description.",
    revalidates: true,
    answers: [{ status: 200, description: "The description.", also: ["application/json"] }, notModified],
    problems: [],
  },
  {
    id: "getDocs",
    method: "GET",
    path: "/docs",
    access: "anyone",
    summary: "This description for people.",
    answers: [{ status: 200, description: "A page.", also: ["text/html"] }],
    problems: [],
  },
];
