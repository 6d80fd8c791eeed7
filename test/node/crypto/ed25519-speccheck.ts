import { hexToBytes } from "@noble/hashes/utils.js";
import type { SignatureItem } from "../../../src/mls/crypto/provider.ts";
import published from "../../vectors/ed25519-speccheck.json" with { type: "json" };
import { forge, forgeWith, L, scalarOf, withShiftedS } from "./ed25519-forger.ts";

/**
 * The twelve cases of "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko, 2020, table 5; ed25519-speccheck), with
 * the verdict of a strict verifier without the cofactor: as published, and made by their description with other keys.
 */
export type SpeccheckCase = { readonly name: string; readonly item: SignatureItem; readonly valid: boolean };

const secret = scalarOf(11);
const nonce = scalarOf(12);

/** S of at least 2^253, so that a verifier that looks at its highest bits alone takes or refuses it. */
function withLargeS(item: SignatureItem): SignatureItem {
  return withShiftedS(item, 7n * L);
}

/** The point of order 4 with y = 0, encoded with y = p. */
const NON_CANONICAL_ZERO_Y = Uint8Array.of(0xed, ...new Array<number>(30).fill(0xff), 0x7f);

export const publishedSpeccheck: readonly SpeccheckCase[] = published.map(
  ({ name, message, public_key, signature, valid }) => ({
    name,
    item: { message: hexToBytes(message), publicKey: hexToBytes(public_key), signature: hexToBytes(signature) },
    valid,
  }),
);

export function describedSpeccheck(): readonly SpeccheckCase[] {
  const mixed = { secret, keyTorsion: 1 };
  return [
    {
      name: "0: small A and R, S = 0",
      item: forge(ZERO, { secret: 0n, nonce: 0n, keyTorsion: 1, nonceTorsion: 7 }),
      valid: false,
    },
    {
      name: "1: small A, mixed R",
      item: forge(ONE, { secret: 0n, nonce, keyTorsion: 1, nonceTorsion: 7 }),
      valid: false,
    },
    { name: "2: mixed A, small R", item: forgeWith(1, { ...mixed, nonce: 0n, nonceTorsion: 7 }), valid: false },
    {
      name: "3: mixed A and R, both equations",
      item: forgeWith(1, { ...mixed, nonce, nonceTorsion: 7 }),
      valid: true,
    },
    {
      name: "4: mixed A and R, with the cofactor only",
      item: forgeWith(1, { ...mixed, nonce, nonceTorsion: 2 }),
      valid: false,
    },
    { name: "5: mixed A, prime R, k not divisible by 8", item: forgeWith(3, { ...mixed, nonce }), valid: false },
    { name: "6: S above L", item: withShiftedS(forge(ONE, { secret, nonce }), L), valid: false },
    { name: "7: S far above L", item: withLargeS(forge(ONE, { secret, nonce })), valid: false },
    {
      name: "8: small R, not canonical, k from its bytes",
      item: forgeWith(0, { ...mixed, nonce: 0n, encodedR: NON_CANONICAL_ZERO_Y }),
      valid: false,
    },
    {
      name: "9: the same, with another k",
      item: forgeWith(4, { ...mixed, nonce: 0n, encodedR: NON_CANONICAL_ZERO_Y }),
      valid: false,
    },
    {
      name: "10: small A, not canonical, S = nonce",
      item: forge(ZERO, { secret: 0n, nonce, publicKey: NON_CANONICAL_ZERO_Y }),
      valid: false,
    },
    {
      name: "11: the same, with R of small order added",
      item: forge(ONE, { secret: 0n, nonce, nonceTorsion: 2, publicKey: NON_CANONICAL_ZERO_Y }),
      valid: false,
    },
  ];
}

const ZERO = Uint8Array.of(0);
const ONE = Uint8Array.of(1);
