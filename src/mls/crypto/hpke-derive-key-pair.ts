import { x448 } from "@noble/curves/ed448.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import type { CHash } from "@noble/hashes/utils.js";
import { type CurveKem, ciphersuiteInfo, isMlKem, Kem, type Suite } from "../ciphersuite.ts";
import { Writer } from "../codec/writer.ts";
import { at } from "./at.ts";
import type { HpkeKeyPairBytes } from "./provider.ts";

/** Candidates that RFC 9180 §7.1.3 tries before it gives up; a second one is needed with a chance of 2^-32 for P-256. */
const MAX_CANDIDATES = 256;

/**
 * DeriveKeyPair(ikm) of the suite's KEM, RFC 9180 §7.1.3, which must be one on a curve. `ikm` must have at least as many bytes as a private key
 * has entropy; MLS implementations give Nh random bytes.
 */
export function deriveHpkeKeyPair(suite: Suite, ikm: Uint8Array): HpkeKeyPairBytes {
  const { kem } = ciphersuiteInfo(suite);
  if (isMlKem(kem)) throw new RangeError("expected a provider with ML-KEM, such as postQuantumCrypto");
  switch (kem) {
    case Kem.DHKEM_X25519:
      return montgomery(new LabeledKdf(kem, sha256, ikm), 32, (key) => x25519.getPublicKey(key));
    case Kem.DHKEM_X448:
      return montgomery(new LabeledKdf(kem, sha512, ikm), 56, (key) => x448.getPublicKey(key));
    case Kem.DHKEM_P256:
      return weierstrass(new LabeledKdf(kem, sha256, ikm), p256, 32, 0xff);
    case Kem.DHKEM_P384:
      return weierstrass(new LabeledKdf(kem, sha384, ikm), p384, 48, 0xff);
    case Kem.DHKEM_P521:
      return weierstrass(new LabeledKdf(kem, sha512, ikm), p521, 66, 0x01);
  }
}

function montgomery(
  kdf: LabeledKdf,
  length: number,
  publicKey: (privateKey: Uint8Array) => Uint8Array,
): HpkeKeyPairBytes {
  const privateKey = kdf.expand("sk", new Uint8Array(0), length);
  return { privateKey, publicKey: publicKey(privateKey) };
}

function weierstrass(kdf: LabeledKdf, curve: typeof p256, length: number, topByteMask: number): HpkeKeyPairBytes {
  for (let counter = 0; counter < MAX_CANDIDATES; counter++) {
    const privateKey = kdf.expand("candidate", Uint8Array.of(counter), length);
    privateKey[0] = at(privateKey, 0) & topByteMask;
    if (curve.utils.isValidSecretKey(privateKey)) {
      return { privateKey, publicKey: curve.getPublicKey(privateKey, false) };
    }
  }
  throw new Error("DeriveKeyPair found no private key in 256 candidates");
}

/** LabeledExtract and LabeledExpand of RFC 9180 §4 with the suite id of a KEM. */
class LabeledKdf {
  readonly #hash: CHash;
  readonly #suiteId: Uint8Array;
  readonly #prk: Uint8Array;

  constructor(kem: CurveKem, hash: CHash, ikm: Uint8Array) {
    this.#hash = hash;
    this.#suiteId = new Writer().raw(ascii("KEM")).u16(kem).finish();
    const labeledIkm = new Writer().raw(ascii("HPKE-v1")).raw(this.#suiteId).raw(ascii("dkp_prk")).raw(ikm).finish();
    this.#prk = extract(hash, labeledIkm, new Uint8Array(0));
  }

  expand(label: string, info: Uint8Array, length: number): Uint8Array {
    const labeledInfo = new Writer().u16(length).raw(ascii("HPKE-v1")).raw(this.#suiteId).raw(ascii(label)).raw(info);
    return expand(this.#hash, this.#prk, labeledInfo.finish(), length);
  }
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
