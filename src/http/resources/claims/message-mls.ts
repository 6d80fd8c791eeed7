/** `message/mls` (RFC 9420 §17.10) as an answer: MLSMessages one after the other. */
import { concatBytes } from "@noble/hashes/utils.js";
import { type ClientClaim, packagesOf } from "../../../contract/claim-messages.ts";
import { encodeMlsMessage } from "../../../mls/key-package/mls-message.ts";
import { mediaType } from "../../wire/read-json.ts";

/** Whether the caller prefers `message/mls` to JSON (RFC 9110 §12.5.1); only naming it says so. */
export function prefersMlsMessages(acceptHeader: string | undefined): boolean {
  const mls = quality(acceptHeader, "message/mls");
  return mls > 0 && mls >= quality(acceptHeader, "application/json");
}

function quality(acceptHeader: string | undefined, type: string): number {
  for (const range of acceptHeader?.split(",") ?? []) {
    if (mediaType(range) !== type) continue;
    const q = /;\s*q\s*=\s*([0-9.]+)/i.exec(range)?.[1];
    return q === undefined ? 1 : Number(q);
  }
  return 0;
}

/** The packages of all claims in their order; undefined if there is none, for then only JSON can say why. */
export function concatenatedMessages(claims: readonly ClientClaim[]): Uint8Array | undefined {
  const messages = claims.flatMap(packagesOf).map(({ keyPackage }) => encodeMlsMessage(keyPackage));
  return messages.length === 0 ? undefined : concatBytes(...messages);
}
