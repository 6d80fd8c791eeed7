import { at } from "../at.ts";
import { bigEndian } from "../integers.ts";
import type { SignatureItem } from "../provider.ts";
import { type Affine, invertAll, type MultiplesTable, multiplesOf, multiplesTable, sumAll } from "./affine-sums.ts";
import { derToRaw } from "./der.ts";
import { decodeSec1, type WeierstrassCurve } from "./weierstrass-curves.ts";

/** The hash of the scheme. */
type Hash = (message: Uint8Array) => Uint8Array;

/** A signature (r, s) with both in 1 … n − 1, and its message's hash. */
type Equation = { readonly index: number; readonly r: bigint; readonly s: bigint; readonly hashed: bigint };

/** Wider windows need fewer additions for each signature but a larger table: these widths cost least [measured]. */
function keyTableWidth(signatures: number): number {
  if (signatures >= 100) return 6;
  if (signatures >= 20) return 5;
  return signatures >= 2 ? 4 : 2;
}

/** The base point's table is kept, so it may be larger: 1,376 points for P-256. */
const BASE_WIDTH = 6;

const keptBaseTables = new WeakMap<WeierstrassCurve, MultiplesTable>();

/**
 * Verifies ECDSA signatures (FIPS 186-5 §6.4.2); one verdict for each item, in order, each that of noble's
 * `curve.verify` with `{ format: "der", lowS: false, prehash: true }`: strict DER, either S, compressed keys too.
 *
 * Unlike Ed25519's, these equations cannot be added up: a signature holds only the x-coordinate of its point. A
 * batch is faster for two reasons: with a table of a key's multiples, u1·G + u2·P is a sum of about 80 points without
 * doublings, and one modular inversion serves a level of all these sums, which makes affine additions cheap (6 products
 * instead of noble's 14).
 */
export function verifyEcdsaBatch(curve: WeierstrassCurve, hash: Hash, items: readonly SignatureItem[]): boolean[] {
  const verdicts = new Array<boolean>(items.length).fill(false);
  for (const indexes of indexesByKey(items, 1 + 2 * curve.bytes)) {
    const key = decodeSec1(curve, at(items, at(indexes, 0)).publicKey);
    if (key !== undefined) verifyByKey(curve, hash, key, items, indexes, verdicts);
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

/** Writes the verdicts of the valid ones. */
function verifyByKey(
  curve: WeierstrassCurve,
  hash: Hash,
  key: Affine,
  items: readonly SignatureItem[],
  indexes: readonly number[],
  verdicts: boolean[],
): void {
  const { p, n } = curve;
  const equations: Equation[] = [];
  for (const index of indexes) {
    const equation = equationOf(curve, hash, index, at(items, index));
    if (equation !== undefined) equations.push(equation);
  }
  if (equations.length === 0) return;
  const keyTable = multiplesTable(curve, key, keyTableWidth(equations.length), curve.bits);
  const baseTable = keptBaseTable(curve);
  const inverses = invertAll(
    equations.map(({ s }) => s),
    n,
  );
  const lists = equations.map(({ r, hashed }, i) => {
    const inverse = at(inverses, i);
    const u1 = positive(hashed * inverse, n);
    const u2 = positive(r * inverse, n);
    return [...multiplesOf(u1, baseTable), ...multiplesOf(u2, keyTable)];
  });
  for (const [i, sum] of sumAll(lists, curve).entries()) {
    const { index, r } = at(equations, i);
    verdicts[index] = sum !== undefined && positive(sum.x, p) % n === r;
  }
}

function equationOf(
  { n, bytes }: WeierstrassCurve,
  hash: Hash,
  index: number,
  item: SignatureItem,
): Equation | undefined {
  const raw = derToRaw(item.signature, bytes);
  if (raw === undefined) return undefined;
  const r = bigEndian(raw.subarray(0, bytes));
  const s = bigEndian(raw.subarray(bytes));
  if (r === 0n || r >= n || s === 0n || s >= n) return undefined;
  // No hash of a scheme of RFC 9420 has more bits than the order of its curve, so none is cut (FIPS 186-5 §6.4.2).
  return { index, r, s, hashed: bigEndian(hash(item.message)) };
}

function keptBaseTable(curve: WeierstrassCurve): MultiplesTable {
  const kept = keptBaseTables.get(curve);
  if (kept !== undefined) return kept;
  const table = multiplesTable(curve, curve.base, BASE_WIDTH, curve.bits);
  keptBaseTables.set(curve, table);
  return table;
}

/** The value in 0 … modulus − 1. */
function positive(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}
