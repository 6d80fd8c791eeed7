/** Registering clients and ending registrations. Each function answers with records that the caller writes. */
import { MAX_CLIENTS_PER_USER } from "../../config/limits.ts";
import type { RegisterAnswer, RegisterCall, Registration, SignatureKey } from "../../contract/registration-messages.ts";
import { equalBytes } from "../../shared/bytes.ts";
import { withoutClaims } from "../tables/budgets-table.ts";
import { MAX_CLIENT_ID } from "../tables/chunks-table.ts";
import { deleteCapabilitiesOf } from "../tables/claim-capabilities-table.ts";
import {
  type ClientRecord,
  findByName,
  insertClient,
  isRegistered,
  nextClientId,
  registeredClients,
  writeClient,
} from "../tables/clients-table.ts";
import { removePackages } from "./stock.ts";

export const registrationOf = ({ client, registeredAt, signatureKeys }: ClientRecord): Registration => ({
  client,
  registeredAt,
  signatureKeys,
});

/**
 * Registers a client or adds keys to it. Idempotent. A scheme that has a key keeps it: to rotate, revoke and register
 * again. A key belongs to one registered client of the user: two clients with one key could never be in a group together
 * (RFC 9420 §7.3). A revoked client that returns keeps its tombstones and loses its claim budgets.
 */
export function register(sql: SqlStorage, call: RegisterCall, now: number): RegisterAnswer {
  const existing = findByName(sql, call.client);
  const registered = registeredClients(sql);
  const siblings = registered.filter(({ client }) => client !== call.client);
  if (existing && isRegistered(existing)) return extend(sql, existing, siblings, call, now);
  const inUse = keyInUse(siblings, call.signatureKeys);
  if (inUse) return { outcome: "signature_key_in_use", scheme: inUse.scheme };
  if (registered.length >= MAX_CLIENTS_PER_USER) return { outcome: "too_many_clients" };
  // Names that were revoked are remembered: one who goes through tens of thousands has used up what a pool can number.
  if (!existing && nextClientId(sql) > MAX_CLIENT_ID) return { outcome: "too_many_clients" };
  const blank = existing ?? insertClient(sql, call.client, now);
  const created = writeClient(sql, {
    ...blank,
    // Later than before, even within one second: with the name it tells one registration from the next (receipts).
    registeredAt: existing ? Math.max(now, existing.registeredAt + 1) : now,
    revokedAt: undefined,
    changes: blank.changes + 1,
    signatureKeys: call.signatureKeys,
    budgets: withoutClaims(blank.budgets),
  });
  return { outcome: "created", registration: registrationOf(created), at: now };
}

/** Whether registering would change anything, or say that it cannot. Reads only. */
export function changesRegistration(sql: SqlStorage, { client, signatureKeys }: RegisterCall): boolean {
  const existing = findByName(sql, client);
  if (!existing || !isRegistered(existing)) return true;
  const known = new Set(existing.signatureKeys.map(({ scheme }) => scheme));
  return signatureKeys.some(({ scheme }) => !known.has(scheme));
}

/** The first of the keys that one of these clients has. */
function keyInUse(clients: readonly ClientRecord[], keys: readonly SignatureKey[]): SignatureKey | undefined {
  const taken = clients.flatMap(({ signatureKeys }) => signatureKeys);
  return keys.find((key) => taken.some((other) => equalBytes(other.publicKey, key.publicKey)));
}

function extend(
  sql: SqlStorage,
  client: ClientRecord,
  siblings: readonly ClientRecord[],
  call: RegisterCall,
  now: number,
): RegisterAnswer {
  const known = new Map(client.signatureKeys.map((key) => [key.scheme, key.publicKey]));
  for (const key of call.signatureKeys) {
    const publicKey = known.get(key.scheme);
    if (publicKey && !equalBytes(publicKey, key.publicKey)) {
      return { outcome: "signature_key_conflict", scheme: key.scheme };
    }
  }
  const added = call.signatureKeys.filter((key) => !known.has(key.scheme));
  if (added.length === 0) return { outcome: "unchanged", registration: registrationOf(client), at: now };
  const inUse = keyInUse(siblings, added);
  if (inUse) return { outcome: "signature_key_in_use", scheme: inUse.scheme };
  const signatureKeys = [...client.signatureKeys, ...added].sort((a, b) => a.scheme - b.scheme);
  const extended = writeClient(sql, { ...client, signatureKeys, changes: client.changes + 1 });
  return { outcome: "extended", registration: registrationOf(extended), at: now };
}

/** Ends a registration: its packages go, what was handed out stays known, and its name stays for that. */
export function endRegistration(sql: SqlStorage, client: ClientRecord, now: number): number {
  deleteCapabilitiesOf(sql, client.client);
  const { ended, client: emptied } = removePackages(sql, client, () => true);
  writeClient(sql, {
    ...emptied,
    revokedAt: now,
    signatureKeys: [],
    changes: emptied.changes + 1,
    budgets: withoutClaims(emptied.budgets),
  });
  return ended;
}
