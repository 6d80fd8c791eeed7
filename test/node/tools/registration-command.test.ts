/** `npm run registration`: what it prints registers the client, with the key that it keeps. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { verifyRegistrationProof } from "../../../src/admission/registration-proof.ts";
import { SignatureScheme } from "../../../src/mls/ciphersuite.ts";
import { nobleCrypto } from "../../../src/mls/crypto/noble.ts";

type Body = {
  readonly signature_keys: Readonly<Record<string, string>>;
  readonly signed_at: number;
  readonly proofs: Readonly<Record<string, string>>;
};

it("prints a body whose proof holds for that client at that directory, with the same key each time", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kpd-registration-"));
  try {
    const of = [
      "--user",
      "alice",
      "--client",
      "tablet",
      "--key-file",
      join(folder, "tablet.json"),
      "--audience",
      "ours",
    ];
    const print = () =>
      JSON.parse(execFileSync("node", ["tools/registration.ts", ...of], { encoding: "utf8" })) as Body;
    const body = print();
    const bytes = (text = "") => Uint8Array.from(Buffer.from(text, "base64url"));
    const who = { audience: "ours", user: "alice", client: "tablet", scheme: SignatureScheme.ed25519 };
    const proof = { ...who, publicKey: bytes(body.signature_keys.ed25519), signedAt: body.signed_at };
    const signature = bytes(body.proofs.ed25519);
    expect(await verifyRegistrationProof(nobleCrypto, proof, signature)).toBe(true);
    expect(await verifyRegistrationProof(nobleCrypto, { ...proof, client: "phone" }, signature)).toBe(false);
    expect(Math.abs(Date.now() / 1000 - body.signed_at)).toBeLessThan(300);
    expect(print().signature_keys).toEqual(body.signature_keys);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
