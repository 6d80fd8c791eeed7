/** Receipts of a directory: whether one is genuine, and whether two of them contradict each other. */
export { type Contradiction, type ContradictionCode, contradictions } from "./compare.ts";
export type {
  ClaimBody,
  HashedKeys,
  PublicationBody,
  Receipt,
  ReceiptKind,
  RegistrationBody,
  RevocationBody,
} from "./receipt.ts";
export {
  type ExpectedReceipt,
  type ReceiptError,
  type ReceiptErrorCode,
  type ReceiptKeys,
  type Verified,
  verifyReceipt,
} from "./verify-receipt.ts";
