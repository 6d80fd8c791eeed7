import { p256, p384, p521 } from "@noble/curves/nist.js";
import { concatBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { SignatureScheme } from "../../../src/mls/ciphersuite.ts";
import { rawToDer } from "../../../src/mls/crypto/ecdsa/der.ts";
import type { SignatureItem } from "../../../src/mls/crypto/provider.ts";
import { forge448, L448, NON_CANONICAL_448 } from "./ed448-forger.ts";
import { forge, L, NON_CANONICAL_SMALL_ORDER, scalarOf, withShiftedS } from "./ed25519-forger.ts";

/** Signatures that a signer or a forger may send, for tests that compare verifiers. Few keys, so that batches share them. */

const ED25519_KINDS = [
  "honest",
  "honest",
  "honest",
  "torsionedR",
  "torsionedKey",
  "torsionedBoth",
  "zeroNonce",
  "smallOrderR",
  "smallOrderKey",
  "smallOrderBoth",
  "nonCanonicalR",
  "nonCanonicalKey",
  "malleable",
  "flippedSignature",
  "flippedKey",
  "otherMessage",
  "shortSignature",
  "longSignature",
  "shortKey",
] as const;

type Choice<Kind> = {
  readonly kind: Kind;
  readonly seed: number;
  readonly nonce: number;
  readonly message: Uint8Array;
  readonly torsionA: number;
  readonly torsionR: number;
  readonly at: number;
  readonly bit: number;
};

const choice = {
  seed: fc.nat(2),
  nonce: fc.integer({ min: 3, max: 500 }),
  message: fc.uint8Array({ maxLength: 40 }),
  torsionA: fc.nat(7),
  torsionR: fc.nat(7),
  at: fc.nat(63),
  bit: fc.nat(7),
};

export const anyEd25519Item: fc.Arbitrary<SignatureItem> = fc
  .record({ ...choice, kind: fc.constantFrom(...ED25519_KINDS) })
  .map(ed25519Item);

function ed25519Item(chosen: Choice<(typeof ED25519_KINDS)[number]>): SignatureItem {
  const { seed, nonce, message, torsionA, torsionR, at, bit, kind } = chosen;
  const base = { secret: scalarOf(seed), nonce: scalarOf(nonce) };
  const item = forge(message, base);
  const zero = { secret: 0n, nonce: 0n };
  const nonCanonical = NON_CANONICAL_SMALL_ORDER[at % NON_CANONICAL_SMALL_ORDER.length] ?? new Uint8Array();
  switch (kind) {
    case "honest":
      return item;
    case "torsionedR":
      return forge(message, { ...base, nonceTorsion: torsionR });
    case "torsionedKey":
      return forge(message, { ...base, keyTorsion: torsionA });
    case "torsionedBoth":
      return forge(message, { ...base, keyTorsion: torsionA, nonceTorsion: torsionR });
    case "zeroNonce":
      return forge(message, { ...base, nonce: 0n });
    case "smallOrderR":
      return forge(message, { ...base, nonce: 0n, nonceTorsion: torsionR });
    case "smallOrderKey":
      return forge(message, { ...base, secret: 0n, keyTorsion: torsionA });
    case "smallOrderBoth":
      return forge(message, { ...zero, keyTorsion: torsionA, nonceTorsion: torsionR });
    case "nonCanonicalR":
      return forge(message, { ...base, nonce: 0n, encodedR: nonCanonical });
    case "nonCanonicalKey":
      return forge(message, {
        ...base,
        secret: 0n,
        publicKey: nonCanonical,
      });
    case "malleable":
      return withShiftedS(item, L);
    case "flippedSignature":
      return { ...item, signature: item.signature.map((byte, i) => (i === at ? byte ^ (1 << bit) : byte)) };
    case "flippedKey":
      return { ...item, publicKey: item.publicKey.map((byte, i) => (i === at % 32 ? byte ^ (1 << bit) : byte)) };
    case "otherMessage":
      return { ...item, message: Uint8Array.of(...message, 1) };
    case "shortSignature":
      return { ...item, signature: item.signature.subarray(0, at) };
    case "longSignature":
      return { ...item, signature: Uint8Array.of(...item.signature, 0) };
    case "shortKey":
      return { ...item, publicKey: item.publicKey.subarray(0, at % 32) };
  }
}

const ED448_KINDS = [
  "honest",
  "honest",
  "torsioned",
  "zeroNonce",
  "nonCanonicalR",
  "nonCanonicalKey",
  "malleable",
  "flippedSignature",
  "flippedKey",
  "otherMessage",
  "shortSignature",
  "longSignature",
  "shortKey",
] as const;

export const anyEd448Item: fc.Arbitrary<SignatureItem> = fc
  .record({ ...choice, kind: fc.constantFrom(...ED448_KINDS) })
  .map(ed448Item);

function ed448Item(chosen: Choice<(typeof ED448_KINDS)[number]>): SignatureItem {
  const { nonce: smallNonce, message, torsionA, torsionR, at, bit, kind } = chosen;
  const nonce = BigInt(smallNonce);
  const item = forge448(message, { nonce });
  const flipped = (bytes: Uint8Array) => bytes.map((byte, i) => (i === at % bytes.length ? byte ^ (1 << bit) : byte));
  const nonCanonical = NON_CANONICAL_448[at % NON_CANONICAL_448.length] ?? new Uint8Array();
  switch (kind) {
    case "honest":
      return item;
    case "torsioned":
      return forge448(message, { nonce, keyTorsion: torsionA % 4, nonceTorsion: torsionR % 4 });
    case "zeroNonce":
      return forge448(message, { nonce: 0n, keyTorsion: torsionA % 2, nonceTorsion: torsionR % 4 });
    case "nonCanonicalR":
      return forge448(message, { nonce: 0n, encodedR: nonCanonical });
    case "nonCanonicalKey":
      return { ...item, publicKey: nonCanonical };
    case "malleable":
      return withShiftedS(item, L448);
    case "flippedSignature":
      return { ...item, signature: flipped(item.signature) };
    case "flippedKey":
      return { ...item, publicKey: flipped(item.publicKey) };
    case "otherMessage":
      return { ...item, message: Uint8Array.of(...message, 1) };
    case "shortSignature":
      return { ...item, signature: item.signature.subarray(0, at) };
    case "longSignature":
      return { ...item, signature: Uint8Array.of(...item.signature, 0) };
    case "shortKey":
      return { ...item, publicKey: item.publicKey.subarray(0, at % 57) };
  }
}

const ECDSA_KINDS = [
  "honest",
  "honest",
  "highS",
  "compressedKey",
  "hybridKey",
  "infinityKey",
  "offCurveKey",
  "flippedSignature",
  "flippedKey",
  "otherMessage",
  "zeroR",
  "zeroS",
  "sPlusOrder",
  "paddedInteger",
  "longFormLength",
  "indefiniteLength",
  "trailingByte",
  "truncated",
  "rawSignature",
  "empty",
] as const;

export const ECDSA_SCHEMES = [
  { scheme: SignatureScheme.ecdsa_secp256r1_sha256, curve: p256 },
  { scheme: SignatureScheme.ecdsa_secp384r1_sha384, curve: p384 },
  { scheme: SignatureScheme.ecdsa_secp521r1_sha512, curve: p521 },
] as const;

/** ECDSA signatures of one curve. Honest ones are prepared, as each costs milliseconds. */
export function anyEcdsaItem(curve: typeof p256): fc.Arbitrary<SignatureItem> {
  const signers = [1, 2].map((seed) => {
    const secretKey = new Uint8Array(curve.lengths.secretKey ?? 0);
    secretKey[secretKey.length - 1] = seed + 100;
    const signatures = [0, 1, 2].map((n) => {
      const message = Uint8Array.of(seed, n);
      return { message, raw: curve.sign(message, secretKey, { lowS: true, prehash: true, format: "compact" }) };
    });
    return { secretKey, signatures };
  });
  return fc
    .record({ ...choice, signature: fc.nat(2), signer: fc.nat(1), kind: fc.constantFrom(...ECDSA_KINDS) })
    .map(({ signature, signer, ...chosen }): SignatureItem => {
      const { secretKey, signatures } = signers[signer] ?? { secretKey: new Uint8Array(), signatures: [] };
      const { message, raw } = signatures[signature] ?? { message: new Uint8Array(), raw: new Uint8Array() };
      return ecdsaItem(curve, secretKey, message, raw, chosen);
    });
}

function ecdsaItem(
  curve: typeof p256,
  secretKey: Uint8Array,
  message: Uint8Array,
  raw: Uint8Array,
  { kind, at, bit }: Choice<(typeof ECDSA_KINDS)[number]>,
): SignatureItem {
  const publicKey = curve.getPublicKey(secretKey, false);
  const der = rawToDer(raw);
  const item = { publicKey, message, signature: der };
  const { Fn, Fp } = curve.Point;
  const [r, s] = [raw.subarray(0, Fn.BYTES), raw.subarray(Fn.BYTES)];
  const zero = new Uint8Array(Fn.BYTES);
  const body = der.subarray(der[1] === 0x81 ? 3 : 2);
  switch (kind) {
    case "honest":
      return item;
    case "highS":
      return { ...item, signature: rawToDer(concatBytes(r, Fn.toBytes(Fn.neg(Fn.fromBytes(s))))) };
    case "compressedKey":
      return { ...item, publicKey: curve.getPublicKey(secretKey, true) };
    case "hybridKey":
      return { ...item, publicKey: publicKey.map((byte, i) => (i === 0 ? 6 + ((publicKey.at(-1) ?? 0) & 1) : byte)) };
    case "infinityKey":
      return { ...item, publicKey: at % 2 === 0 ? Uint8Array.of(0) : publicKey.map((_, i) => (i === 0 ? 4 : 0)) };
    case "offCurveKey":
      return { ...item, publicKey: concatBytes(publicKey.subarray(0, 1 + Fp.BYTES), Fp.toBytes(BigInt(at))) };
    case "flippedSignature":
      return { ...item, signature: der.map((byte, i) => (i === at ? byte ^ (1 << bit) : byte)) };
    case "flippedKey":
      return { ...item, publicKey: publicKey.map((byte, i) => (i === at ? byte ^ (1 << bit) : byte)) };
    case "otherMessage":
      return { ...item, message: concatBytes(message, Uint8Array.of(at)) };
    case "zeroR":
      return { ...item, signature: rawToDer(concatBytes(zero, s)) };
    case "zeroS":
      return { ...item, signature: rawToDer(concatBytes(r, zero)) };
    case "sPlusOrder":
      return { ...item, signature: rawToDer(concatBytes(...[r, s].map((n) => plusOrder(curve, n)))) };
    case "paddedInteger":
      return { ...item, signature: sequence(concatBytes(Uint8Array.of(2, (body[1] ?? 0) + 1, 0), body.subarray(2))) };
    case "longFormLength":
      return { ...item, signature: concatBytes(Uint8Array.of(0x30, 0x82, 0, body.length), body) };
    case "indefiniteLength":
      return { ...item, signature: concatBytes(Uint8Array.of(0x30, 0x80), body, Uint8Array.of(0, 0)) };
    case "trailingByte":
      return {
        ...item,
        signature: at % 2 === 0 ? concatBytes(der, Uint8Array.of(0)) : sequence(concatBytes(body, Uint8Array.of(0))),
      };
    case "truncated":
      return { ...item, signature: der.subarray(0, at % der.length) };
    case "rawSignature":
      return { ...item, signature: raw };
    case "empty":
      return at % 2 === 0 ? { ...item, signature: new Uint8Array() } : { ...item, publicKey: new Uint8Array() };
  }
}

/** n plus the order of the curve, one byte longer than a scalar where it must be. */
function plusOrder(curve: typeof p256, n: Uint8Array): Uint8Array {
  const { Fn } = curve.Point;
  const hex = (Fn.fromBytes(n) + Fn.ORDER).toString(16).padStart(2 * Fn.BYTES + 2, "0");
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

function sequence(body: Uint8Array): Uint8Array {
  const length = body.length >= 0x80 ? [0x81, body.length] : [body.length];
  return Uint8Array.of(0x30, ...length, ...body);
}
