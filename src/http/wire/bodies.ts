/** From what the pool answers to what the wire shows. */
import type * as z from "zod/mini";
import type { Deployment } from "../../config/deployment.ts";
import type { ClaimCapability } from "../../contract/capability-messages.ts";
import type { StockEvent } from "../../contract/event-messages.ts";
import type { BudgetView, ClientView, SuiteInventory } from "../../contract/inventory-messages.ts";
import type { JournalEntry } from "../../contract/journal-messages.ts";
import type { WaitingEvents } from "../../contract/operator-messages.ts";
import type { AuditOutcome } from "../../contract/record-messages.ts";
import type { SignatureScheme } from "../../mls/ciphersuite.ts";
import { signatureSchemeName } from "../../mls/ciphersuite.ts";
import { toBase64Url } from "../../shared/base64url.ts";
import type { budgets, inventory, signatureKeys, waitingEvents } from "./common-schemas.ts";

type InventoryBody = z.infer<typeof inventory>;

/**
 * Zeros are sent: a client that stocked nothing yet sees, at zero, every suite of the policy for whose signature scheme it
 * has registered a key.
 */
export function inventoryBody(
  deployment: Deployment,
  suites: readonly SuiteInventory[],
  signatureKeys: readonly { readonly scheme: number }[],
): InventoryBody {
  if (suites.length === 0) {
    const schemes = new Set(signatureKeys.map(({ scheme }) => scheme));
    return deployment.ciphersuites
      .filter(({ signatureScheme }) => schemes.has(signatureScheme))
      .map(({ ciphersuite }) => emptySuite(deployment, ciphersuite));
  }
  return suites.map((suite) => ({
    ciphersuite: suite.ciphersuite,
    available: suite.available,
    last_resort: suite.lastResort
      ? {
          stored_at: suite.lastResort.storedAt,
          first_used_at: suite.lastResort.firstUsedAt ?? null,
          uses: suite.lastResort.uses,
          needs_rotation: suite.lastResort.needsRotation,
        }
      : null,
    next_expiry: suite.nextExpiry ?? null,
    target: suite.target,
    low_watermark: suite.lowWatermark,
    needs_upload: suite.needsUpload,
  }));
}

function emptySuite(deployment: Deployment, ciphersuite: number): InventoryBody[number] {
  const { stock } = deployment.settings;
  return {
    ciphersuite,
    available: 0,
    last_resort: null,
    next_expiry: null,
    target: stock.targetPackages,
    low_watermark: stock.lowWatermarkPackages,
    needs_upload: true,
  };
}

/** Keys by the name of their scheme in the TLS registry. */
export function signatureKeysBody(
  keys: readonly { readonly scheme: number; readonly publicKey: Uint8Array | string }[],
): z.infer<typeof signatureKeys> {
  return Object.fromEntries(
    keys.map(({ scheme, publicKey }) => [
      signatureSchemeName(scheme as SignatureScheme),
      typeof publicKey === "string" ? publicKey : toBase64Url(publicKey),
    ]),
  );
}

export const budgetsBody = (views: readonly BudgetView[]): z.infer<typeof budgets> =>
  views.map(({ name, emptyAtMs }) => ({ name, empty_at: Math.ceil(emptyAtMs / 1000) }));

/** An entry as the owner of one client reads it. */
export function journalEntryBody(entry: JournalEntry) {
  const { sequence, at, event, claimer, capability, ciphersuite, keyPackageRef, reason } = entry;
  return {
    sequence,
    at,
    event,
    claimer: claimer ? { user: claimer.user, client: claimer.client } : null,
    ...(capability === undefined ? {} : { capability }),
    ...(ciphersuite === undefined ? {} : { ciphersuite }),
    ...(keyPackageRef === undefined ? {} : { key_package_ref: toBase64Url(keyPackageRef) }),
    ...(reason === undefined ? {} : { reason }),
  };
}

export const capabilityBody = (capability: ClaimCapability) => ({
  name: capability.name,
  client: capability.client,
  secret_sha256: toBase64Url(capability.secretHash),
  created_at: capability.createdAt,
  expires_at: capability.expiresAt ?? null,
  max_claims: capability.maxClaims ?? null,
  claims: capability.claims,
});

/** The same among those of all clients of a user. */
export const userJournalEntryBody = (entry: JournalEntry) => ({ client: entry.client, ...journalEntryBody(entry) });

export function clientViewBody(deployment: Deployment, { registration, inventory }: ClientView) {
  return {
    client: registration.client,
    registered_at: registration.registeredAt,
    signature_keys: signatureKeysBody(registration.signatureKeys),
    inventory: inventoryBody(deployment, inventory, registration.signatureKeys),
  };
}

export const waitingEventsBody = ({ pending, told }: WaitingEvents): z.infer<ReturnType<typeof waitingEvents>> => ({
  waiting: pending.map(eventBody),
  expiry_told: [...told],
});

const eventBody = ({ lastResort, nextExpiry, expiring, rejections = 0, ...rest }: StockEvent) => ({
  ...rest,
  last_resort: lastResort,
  next_expiry: nextExpiry,
  ...(expiring && { expires_by: expiring.by, left: expiring.left }),
  rejections,
});

/** What came of an operator's change; undefined while nobody knows. */
export const outcomeBody = (outcome: AuditOutcome | undefined) => ({
  ended_at: outcome?.at ?? null,
  status: outcome?.status ?? null,
  code: outcome?.code ?? null,
  outcomes: Object.entries(outcome?.outcomes ?? {}).map(([name, value]) => ({ name, value })),
});
