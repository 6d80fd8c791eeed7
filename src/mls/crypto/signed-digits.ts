import { missing } from "./at.ts";

/**
 * A scalar below 2^bits in digits that are zero or odd and smaller than 2^(width − 1) in absolute value; digit i counts
 * 2^i, and of `width` digits in a row at most one is not zero (width-w non-adjacent form; width 2 to 8). There is one digit
 * more than bits: a carry may come out of the highest.
 */
export function signedDigits(scalar: bigint, width: number, bits: number): Int8Array {
  const count = Math.ceil(bits / 32);
  const words = new Uint32Array(count + 1);
  for (let i = 0; i < count; i++) words[i] = Number(BigInt.asUintN(32, scalar >> BigInt(32 * i)));
  const digits = new Int8Array(bits + 1);
  const mask = 2 ** width - 1;
  let carry = 0;
  for (let i = 0; i <= bits; ) {
    const word = i >>> 5;
    const bit = i & 31;
    const low = (words[word] ?? missing(word)) >>> bit;
    if ((low & 1) === carry) {
      i++;
      continue;
    }
    const high = bit === 0 ? 0 : (words[word + 1] ?? missing(word + 1)) << (32 - bit);
    const digit = ((low | high) & mask) + carry;
    carry = digit > mask >>> 1 ? 1 : 0;
    digits[i] = digit - carry * (mask + 1);
    i += width;
  }
  return digits;
}
