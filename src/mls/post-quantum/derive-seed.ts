import { shake256 } from "@noble/hashes/sha3.js";
import type { MlKem } from "../ciphersuite.ts";
import { Writer } from "../codec/writer.ts";

/**
 * The private key of DeriveKeyPair for KEMs with ML-KEM: SHAKE256.LabeledDerive(ikm, "DeriveKeyPair", "", Nsk) of
 * draft-ietf-hpke-pq. X-Wing's own draft derives it without the label; a KeyPackage does not show which was used, since
 * its keys come from fresh randomness.
 */
export function deriveSeed(kem: MlKem, ikm: Uint8Array, seedBytes: number): Uint8Array {
  const text = new TextEncoder();
  const label = text.encode("DeriveKeyPair");
  const labeledIkm = new Writer()
    .raw(ikm)
    .raw(text.encode("HPKE-v1"))
    .raw(text.encode("KEM"))
    .u16(kem)
    .u16(label.length)
    .raw(label)
    .u16(seedBytes)
    .finish();
  return shake256(labeledIkm, { dkLen: seedBytes });
}
