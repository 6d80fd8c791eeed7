import type { ECDSA, WeierstrassPoint } from "@noble/curves/abstract/weierstrass.js";
import { bytesToNumberBE } from "@noble/curves/utils.js";
import { at } from "../at.ts";
import type { SignatureItem } from "../provider.ts";
import { invertAll, type MultiplesTable, multiplesOf, multiplesTable, sumAll } from "./affine-sums.ts";
import { derToRaw } from "./der.ts";

/** The hash of the scheme, which is also the one that noble's curve uses. */
type Hash = (message: Uint8Array) => Uint8Array;

/** A signature (r, s) with both in 1 … n − 1, and its message's hash. */
type Equation = { readonly index: number; readonly r: bigint; readonly s: bigint; readonly hashed: bigint };

/** Below this many signatures by one key its table costs more than it saves [measured on P-256, P-384 and P-521]. */
const MIN_SIGNATURES_FOR_TABLE = 2;

/** Wider windows need fewer additions for each signature but a larger table: these widths cost least [measured]. */
function keyTableWidth(signatures: number): number {
  if (signatures >= 100) return 6;
  return signatures >= 20 ? 5 : 4;
}

/** The base point's table is kept, so it may be larger: 1,376 points for P-256. */
const BASE_WIDTH = 6;

const keptBaseTables = new WeakMap<ECDSA, MultiplesTable>();

/**
 * Verifies ECDSA signatures (FIPS 186-5 §6.4.2); one verdict for each item, in order, each that of noble's
 * `curve.verify` with `{ format: "der", lowS: false, prehash: true }`: strict DER, either S, compressed keys too.
 *
 * Unlike Ed25519's, these equations cannot be added up: a signature holds only the x-coordinate of its point. A
 * batch is faster for two reasons: with a table of a key's multiples, u1·G + u2·P is a sum of about 80 points without
 * doublings, and one modular inversion serves a level of all these sums, which makes affine additions cheap (6 products
 * instead of noble's 14). Only keys with a single signature are left to noble.
 */
export function verifyEcdsaBatch(curve: ECDSA, hash: Hash, items: readonly SignatureItem[]): boolean[] {
  const verdicts = new Array<boolean>(items.length).fill(false);
  for (const indexes of indexesByKey(items, 1 + 2 * curve.Point.Fp.BYTES)) {
    const key = decodeKey(curve, at(items, at(indexes, 0)).publicKey);
    if (key === undefined) continue;
    if (indexes.length >= MIN_SIGNATURES_FOR_TABLE) verifyWithTable(curve, hash, key, items, indexes, verdicts);
    else for (const index of indexes) verdicts[index] = verifyAlone(curve, at(items, index));
  }
  return verdicts;
}

/** The items of each key. Bytes longer than an uncompressed point are not a key and are left out. */
function indexesByKey(items: readonly SignatureItem[], maxKeyBytes: number): Iterable<readonly number[]> {
  const groups = new Map<string, number[]>();
  for (const [index, { publicKey }] of items.entries()) {
    if (publicKey.length > maxKeyBytes) continue;
    const name = String.fromCharCode(...publicKey);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [index]);
    else group.push(index);
  }
  return groups.values();
}

/** noble's decoder throws for bytes that are not a point of the curve. */
function decodeKey(curve: ECDSA, publicKey: Uint8Array): WeierstrassPoint<bigint> | undefined {
  try {
    const point = curve.Point.fromBytes(publicKey);
    return point.is0() ? undefined : point;
  } catch {
    return undefined;
  }
}

/** noble throws for signatures of a wrong form. */
function verifyAlone(curve: ECDSA, { publicKey, message, signature }: SignatureItem): boolean {
  try {
    return curve.verify(signature, message, publicKey, { format: "der", lowS: false, prehash: true });
  } catch {
    return false;
  }
}

/** Writes the verdicts of the valid ones. */
function verifyWithTable(
  curve: ECDSA,
  hash: Hash,
  key: WeierstrassPoint<bigint>,
  items: readonly SignatureItem[],
  indexes: readonly number[],
  verdicts: boolean[],
): void {
  const { Fp, Fn } = curve.Point;
  const n = Fn.ORDER;
  const equations: Equation[] = [];
  for (const index of indexes) {
    const equation = equationOf(curve, hash, index, at(items, index));
    if (equation !== undefined) equations.push(equation);
  }
  const keyTable = multiplesTable(curve.Point, key, keyTableWidth(equations.length));
  const baseTable = keptBaseTable(curve);
  const inverses = invertAll(
    equations.map(({ s }) => s),
    n,
  );
  const lists = equations.map(({ r, hashed }, i) => {
    const inverse = at(inverses, i);
    const u1 = Fn.create(hashed * inverse);
    const u2 = Fn.create(r * inverse);
    return [...multiplesOf(u1, baseTable), ...multiplesOf(u2, keyTable)];
  });
  for (const [i, sum] of sumAll(lists, curve.Point.CURVE()).entries()) {
    const { index, r } = at(equations, i);
    verdicts[index] = sum !== undefined && Fp.create(sum.x) % n === r;
  }
}

function equationOf(curve: ECDSA, hash: Hash, index: number, item: SignatureItem): Equation | undefined {
  const { BYTES, ORDER } = curve.Point.Fn;
  const raw = derToRaw(item.signature, BYTES);
  if (raw === undefined) return undefined;
  const r = bytesToNumberBE(raw.subarray(0, BYTES));
  const s = bytesToNumberBE(raw.subarray(BYTES));
  if (r === 0n || r >= ORDER || s === 0n || s >= ORDER) return undefined;
  // No hash of a scheme of RFC 9420 has more bits than the order of its curve, so none is cut (FIPS 186-5 §6.4.2).
  return { index, r, s, hashed: bytesToNumberBE(hash(item.message)) };
}

function keptBaseTable(curve: ECDSA): MultiplesTable {
  const kept = keptBaseTables.get(curve);
  if (kept !== undefined) return kept;
  const table = multiplesTable(curve.Point, curve.Point.BASE, BASE_WIDTH);
  keptBaseTables.set(curve, table);
  return table;
}
