/**
 * What a chunk says of its packages, in their order: sequence number, reference, lifetime and length in bytes. An entry
 * keeps its place when its package has left, so that a chunk does not change its size.
 *
 * Layout of an entry, big-endian: u16 sequence number less the chunk's first, u8 1 if the package has left, else 0,
 * u8 length of the reference, the reference, f64 not_before, f64 not_after (unix seconds, whole numbers up to 2^53 - 1),
 * u32 length of the package.
 */

export type ChunkEntry = {
  readonly sequence: number;
  readonly hasLeft: boolean;
  /** KeyPackageRef, RFC 9420 §5.2. */
  readonly ref: Uint8Array;
  /** Unix seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Bytes of the package. */
  readonly length: number;
};

const FIXED_BYTES = 2 + 1 + 1 + 8 + 8 + 4;

export function encodeEntries(firstSequence: number, entries: readonly ChunkEntry[]): Uint8Array {
  const size = entries.reduce((total, { ref }) => total + FIXED_BYTES + ref.length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { sequence, hasLeft, ref, notBefore, notAfter, length } of entries) {
    view.setUint16(at, sequence - firstSequence);
    view.setUint8(at + 2, hasLeft ? 1 : 0);
    view.setUint8(at + 3, ref.length);
    bytes.set(ref, at + 4);
    at += 4 + ref.length;
    view.setFloat64(at, notBefore);
    view.setFloat64(at + 8, notAfter);
    view.setUint32(at + 16, length);
    at += 20;
  }
  return bytes;
}

/** The entries as they were encoded. Throws RangeError for bytes that are cut off: a chunk is written by this file alone. */
export function decodeEntries(firstSequence: number, encoded: ArrayBuffer): ChunkEntry[] {
  const view = new DataView(encoded);
  const entries: ChunkEntry[] = [];
  for (let at = 0; at < view.byteLength; ) {
    const times = at + 4 + view.getUint8(at + 3);
    entries.push({
      sequence: firstSequence + view.getUint16(at),
      hasLeft: view.getUint8(at + 2) === 1,
      ref: new Uint8Array(encoded.slice(at + 4, times)),
      notBefore: view.getFloat64(times),
      notAfter: view.getFloat64(times + 8),
      length: view.getUint32(times + 16),
    });
    at = times + 20;
  }
  return entries;
}
