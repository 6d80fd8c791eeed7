/** Claim capabilities: which one a secret opens, and making new ones. */
import { MAX_CLAIM_CAPABILITIES } from "../../../config/limits.ts";
import type {
  ClaimCapability,
  CreateCapabilityAnswer,
  NewClaimCapability,
} from "../../../contract/capability-messages.ts";
import { equalBytes } from "../../../shared/bytes.ts";
import {
  deleteCapability,
  deleteEndedCapabilities,
  insertCapability,
  readCapabilitiesInForce,
} from "../../tables/claim-capabilities-table.ts";

/** In the place of those that a user does not have: no secret is known that hashes to it. */
const NOBODYS: Pick<ClaimCapability, "secretHash" | "expiresAt"> = {
  secretHash: new Uint8Array(32),
  expiresAt: 0,
};

/**
 * The capability that the secret with this hash opens at `now` (unix seconds), whether or not it is used up. Compares all
 * bytes with as many hashes as a user may have, whatever there is: the work is the same for a user without capabilities,
 * for one with the most, and wherever among them the right one is.
 */
export function capabilityOf(
  capabilities: readonly ClaimCapability[],
  secretHash: Uint8Array,
  now: number,
  isSame: (a: Uint8Array, b: Uint8Array) => boolean = isSameInConstantTime,
): ClaimCapability | undefined {
  let found: ClaimCapability | undefined;
  for (let index = 0; index < MAX_CLAIM_CAPABILITIES; index++) {
    const capability = capabilities[index];
    const { secretHash: known, expiresAt = Number.POSITIVE_INFINITY } = capability ?? NOBODYS;
    const isOpened = isSame(known, secretHash);
    if (isOpened && expiresAt > now) found = capability;
  }
  return found;
}

/** Reads every byte of both, which are of one length. */
function isSameInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let index = 0; index < a.length; index++) difference |= (a[index] ?? 0) ^ (b[index] ?? 0);
  return difference === 0;
}

export const isUsedUp = ({ maxClaims, claims }: ClaimCapability): boolean =>
  maxClaims !== undefined && claims >= maxClaims;

/** Makes a capability. Making the same again changes nothing; one name has one secret, and one secret one name. */
export function createCapability(sql: SqlStorage, wanted: NewClaimCapability, now: number): CreateCapabilityAnswer {
  const known = readCapabilitiesInForce(sql, now);
  const clash = known.find(({ name, secretHash }) => name === wanted.name || equalBytes(secretHash, wanted.secretHash));
  if (clash !== undefined) {
    const isSame =
      clash.name === wanted.name &&
      equalBytes(clash.secretHash, wanted.secretHash) &&
      clash.expiresAt === wanted.expiresAt &&
      clash.maxClaims === wanted.maxClaims;
    return isSame ? { outcome: "unchanged", capability: clash } : { outcome: "capability_exists" };
  }
  if (known.length >= MAX_CLAIM_CAPABILITIES) return { outcome: "too_many_capabilities" };
  deleteEndedCapabilities(sql, now);
  insertCapability(sql, { ...wanted, createdAt: now });
  return { outcome: "created", capability: { ...wanted, createdAt: now, claims: 0 } };
}

/** Ends the capability of that name. Whether there was one in force: what is over, its owner has not seen any more. */
export function revokeCapability(sql: SqlStorage, name: string, now: number): boolean {
  const existed = readCapabilitiesInForce(sql, now).some((capability) => capability.name === name);
  deleteCapability(sql, name);
  return existed;
}
