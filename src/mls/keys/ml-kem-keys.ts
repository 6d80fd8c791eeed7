/** Encapsulation keys of ML-KEM, FIPS 203. */
import { at } from "../crypto/at.ts";

/** FIPS 203 §4: coefficients are numbers modulo q. */
const Q = 3329;

/** The seed of the matrix, which ends a key and can be any bytes. */
const SEED_BYTES = 32;

/**
 * The modulus check of FIPS 203 §7.2 of a key that has the right length: every coefficient, 12 bits each and
 * little-endian, is below q. Implementations refuse to encapsulate to any other key, so a Welcome could not be sealed.
 */
export function mlKemKeyDefect(key: Uint8Array): "coefficient out of range" | undefined {
  for (let i = 0; i < key.length - SEED_BYTES; i += 3) {
    const middle = at(key, i + 1);
    const first = at(key, i) | ((middle & 0x0f) << 8);
    const second = (middle >> 4) | (at(key, i + 2) << 4);
    if (first >= Q || second >= Q) return "coefficient out of range";
  }
  return undefined;
}
