/** Signs receipts of claims inside workerd. The package is sent once; then each request signs, and the caller takes the time. */
import { ed25519 } from "@noble/curves/ed25519.js";
import type { AnsweredClaim, Receipts } from "../../src/http/receipts/receipts.ts";
import { signedReceipts } from "../../src/http/receipts/signed-receipts.ts";
import { RFC_9420 } from "../../src/mls/suite-profile.ts";
import { fromBase64Url, toBase64Url } from "../../src/shared/base64url.ts";

/** Receipts of one request. */
const RECEIPTS = 100;

const SECRET = new Uint8Array(32).fill(1);

/** One isolate serves the whole run. */
let prepared: { readonly receipts: Receipts; readonly claim: AnsweredClaim } | undefined;

async function prepare(keyPackage: Uint8Array): Promise<void> {
  const key = { kid: "bench", x: toBase64Url(ed25519.getPublicKey(SECRET)), d: toBase64Url(SECRET), signsFrom: 0 };
  const receipts = await signedReceipts({ issuer: "https://bench.test", always: true, keys: [key] }, RFC_9420);
  const taken = { keyPackage, ciphersuite: 1, notAfter: 2_000, registeredAt: 1_000 };
  const clients = Array.from({ length: RECEIPTS }, (_, index) => {
    // Receipts are told apart by the reference of their package.
    const keyPackageRef = new Uint8Array(32).fill(index);
    return { client: `client ${index}`, status: "claimed", package: { ...taken, keyPackageRef } } as const;
  });
  prepared = {
    receipts,
    claim: { user: "alice", claimer: { user: "bob", client: "phone" }, at: 1, claimId: 1, clients },
  };
}

export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/load") {
      const bytes = fromBase64Url(await request.text());
      if (bytes === undefined) return new Response("expected base64url", { status: 400 });
      await prepare(bytes);
      return new Response("ok");
    }
    if (prepared === undefined) return new Response("nothing is loaded", { status: 404 });
    if (pathname === "/nothing") return new Response(String(RECEIPTS));
    const { size } = await prepared.receipts.claim(prepared.claim);
    return new Response(String(size));
  },
} satisfies ExportedHandler;
