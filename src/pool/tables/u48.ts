/** Unix seconds in six bytes, big-endian. Times beyond 2^48 seconds, nine million years, are as good as never. */
const MAX_U48 = 2 ** 48 - 1;

export function writeU48(view: DataView, at: number, seconds: number): void {
  const clamped = Math.min(seconds, MAX_U48);
  view.setUint16(at, Math.floor(clamped / 2 ** 32));
  view.setUint32(at + 2, clamped % 2 ** 32);
}

export const readU48 = (view: DataView, at: number): number => view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2);
