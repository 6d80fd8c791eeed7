/** What is wrong with what a client has in stock for a ciphersuite. Pure. */

export type Stocked = {
  /** One-time packages. */
  readonly available: number;
  readonly hasLastResort: boolean;
  readonly needsUpload: boolean;
  /** Of a client that is revoked nothing can be claimed, and nothing is missing. */
  readonly isRevoked?: boolean;
};

export type StockState = "fine" | "low" | "last_resort_only" | "nothing_left";

export function stockState({ available, hasLastResort, needsUpload, isRevoked = false }: Stocked): StockState {
  if (isRevoked) return "fine";
  if (available === 0) return hasLastResort ? "last_resort_only" : "nothing_left";
  return needsUpload ? "low" : "fine";
}
