/** Registering clients and their signature keys. */
import { MAX_CLIENTS_PER_USER } from "../../config/limits.ts";
import type { RegisterAnswer, RegisterCall } from "../../contract/pool-messages.ts";
import { equalBytes } from "../../shared/bytes.ts";
import { clearClaimBudgets } from "../tables/budgets.ts";
import {
  type ClientRow,
  findClient,
  insertClient,
  insertKey,
  registeredClients,
  registration,
  signatureKeys,
} from "../tables/registrations.ts";

/**
 * Registers a client or adds keys to it. Idempotent. A scheme that has a key keeps it: to rotate the key, revoke the
 * client and register it again. A revoked client that returns keeps its tombstones and loses its claim budgets.
 */
export function register(sql: SqlStorage, call: RegisterCall, now: number): RegisterAnswer {
  const existing = findClient(sql, call.client);
  if (existing) return extend(sql, existing, call);
  if (registeredClients(sql).length >= MAX_CLIENTS_PER_USER) return { outcome: "too_many_clients" };
  const client = insertClient(sql, call.client, now);
  clearClaimBudgets(sql, client.clientId);
  for (const key of call.signatureKeys) insertKey(sql, client.clientId, key);
  return { outcome: "created", registration: registration(sql, client) };
}

function extend(sql: SqlStorage, client: ClientRow, call: RegisterCall): RegisterAnswer {
  const known = new Map(signatureKeys(sql, client.clientId).map((key) => [key.scheme, key.publicKey]));
  for (const key of call.signatureKeys) {
    const publicKey = known.get(key.scheme);
    if (publicKey && !equalBytes(publicKey, key.publicKey)) {
      return { outcome: "signature_key_conflict", scheme: key.scheme };
    }
  }
  const added = call.signatureKeys.filter((key) => !known.has(key.scheme));
  for (const key of added) insertKey(sql, client.clientId, key);
  return { outcome: added.length > 0 ? "extended" : "unchanged", registration: registration(sql, client) };
}
