/**
 * ECDSA signatures as MLS carries them (RFC 9420 §5.1.2: `ECDSA-Sig-Value` of RFC 3279 §2.2.3 in DER), and as WebCrypto
 * expects them: r ‖ s, each big-endian in `scalarBytes` bytes. Decoding them with noble, through BigInt, takes 8 to 20
 * times as long [measured in Node and workerd].
 */
import { at } from "../at.ts";

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const ONE_LENGTH_BYTE = 0x81;

/**
 * r ‖ s of a DER signature; `undefined` for anything but its one DER encoding: another length form than the shortest,
 * an integer that is negative, padded or longer than `scalarBytes`, bytes missing or left over. Whether r and s are
 * below the order of the curve is left to the verification.
 */
export function derToRaw(der: Uint8Array, scalarBytes: number): Uint8Array | undefined {
  // A missing byte reads as a length of zero, which is refused below.
  // The longest, of P-521, has 136 bytes after the header, so one more length byte than in the short form is enough.
  const header = (der[1] ?? 0) === ONE_LENGTH_BYTE ? 3 : 2;
  const length = der[header - 1] ?? 0;
  if (der[0] !== SEQUENCE || length + header !== der.length) return undefined;
  if (header === 3 ? length < 0x80 : length >= 0x80) return undefined;
  const raw = new Uint8Array(2 * scalarBytes);
  const next = writeInteger(raw, scalarBytes, der, header);
  if (next === undefined || writeInteger(raw, 2 * scalarBytes, der, next) !== der.length) return undefined;
  return raw;
}

/** Writes the integer at `from` so that it ends at `end` of `raw`; returns where the next one starts. */
function writeInteger(raw: Uint8Array, end: number, der: Uint8Array, from: number): number | undefined {
  const length = der[from + 1] ?? 0;
  const start = from + 2;
  const next = start + length;
  if (der[from] !== INTEGER || length === 0 || length >= 0x80 || next > der.length) return undefined;
  const first = at(der, start);
  if (first >= 0x80) return undefined;
  const padded = first === 0 && length > 1;
  if (padded && at(der, start + 1) < 0x80) return undefined;
  const digits = der.subarray(padded ? start + 1 : start, next);
  if (digits.length > raw.length / 2) return undefined;
  raw.set(digits, end - digits.length);
  return next;
}

/** The DER encoding of r ‖ s. */
export function rawToDer(raw: Uint8Array): Uint8Array {
  const integers = [raw.subarray(0, raw.length / 2), raw.subarray(raw.length / 2)].flatMap(encodeInteger);
  const header = integers.length >= 0x80 ? [SEQUENCE, ONE_LENGTH_BYTE] : [SEQUENCE];
  return Uint8Array.of(...header, integers.length, ...integers);
}

function encodeInteger(bytes: Uint8Array): number[] {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = bytes.subarray(first === -1 ? bytes.length - 1 : first);
  const padding = at(digits, 0) >= 0x80 ? [0] : [];
  return [INTEGER, padding.length + digits.length, ...padding, ...digits];
}
