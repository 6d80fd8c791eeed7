/**
 * Signs receipts, in the Worker and never in a pool: a signature is awaited, and nothing may be between choosing a
 * package and consuming it.
 *
 * Ed25519 gives the same signature for the same bytes, and which key signs follows from the time of what happened alone:
 * so a receipt is made again from what the pool keeps, byte for byte, and no signature is stored.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { CompactSign, importJWK } from "jose";
import { RECEIPT_TYPES, type ReceiptBodies, type ReceiptKind } from "../../client/receipts/receipt.ts";
import type { ReceiptKey, ReceiptSettings } from "../../config/receipt-settings.ts";
import { SettingError } from "../../config/settings.ts";
import { fromBase64Url, toBase64Url } from "../../shared/base64url.ts";

type Signing = ReceiptKey & { readonly key: Awaited<ReturnType<typeof importJWK>> };

export class ReceiptSigner {
  readonly #issuer: string;
  /** The one that signs the latest first. */
  readonly #keys: readonly Signing[];

  private constructor(issuer: string, keys: readonly Signing[]) {
    this.#issuer = issuer;
    this.#keys = keys;
  }

  /** Throws SettingError for a private key that is not that of its public key: nobody could verify what it signs. */
  static async create({ issuer, keys }: ReceiptSettings): Promise<ReceiptSigner> {
    const signing: Signing[] = [];
    for (const one of [...keys].sort((a, b) => b.signsFrom - a.signsFrom)) {
      const { kid, x, d } = one;
      if (d === undefined) continue;
      const privateKey = fromBase64Url(d);
      if (privateKey === undefined || toBase64Url(ed25519.getPublicKey(privateKey)) !== x) {
        throw new SettingError("RECEIPT_KEYS", `has a key ${kid} whose d and x do not belong together`);
      }
      signing.push({ ...one, key: await importJWK({ kty: "OKP", crv: "Ed25519", x, d }, "EdDSA") });
    }
    return new ReceiptSigner(issuer, signing);
  }

  /** The receipt. Members are in the order in which the body has them, for the same bytes each time. */
  async sign<K extends ReceiptKind>(kind: K, body: Omit<ReceiptBodies[K], "iss">): Promise<string> {
    const { kid, key } = this.#keyAt((body as unknown as { readonly iat: number }).iat);
    return new CompactSign(new TextEncoder().encode(JSON.stringify({ iss: this.#issuer, ...body })))
      .setProtectedHeader({ alg: "EdDSA", kid, typ: RECEIPT_TYPES[kind] })
      .sign(key);
  }

  /** The key in force at that time; for a time before all of them, as when older keys were taken out, the earliest. */
  #keyAt(at: number): Signing {
    const key = this.#keys.find(({ signsFrom }) => signsFrom <= at) ?? this.#keys.at(-1);
    if (key === undefined) throw new TypeError("expected a key that signs");
    return key;
  }
}
