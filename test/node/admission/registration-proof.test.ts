import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  type RegistrationProof,
  registrationProofInput,
  verifyRegistrationProof,
} from "../../../src/admission/registration-proof.ts";
import { SignatureScheme } from "../../../src/mls/ciphersuite.ts";
import { nobleCrypto } from "../../../src/mls/crypto/noble.ts";
import { webCryptoOver } from "../../../src/mls/crypto/webcrypto.ts";
import { postQuantumCrypto } from "../../../src/mls/post-quantum/index.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const page = readFileSync(join(import.meta.dirname, "../../../docs/http-api.md"), "utf8");

/** The members of the vector in docs/http-api.md, in hex, broken over lines. OpenSSL made the same signature. */
function documented(): Readonly<Record<string, string>> {
  const block = /```text\nprivate_key[^`]*```/.exec(page)?.[0] ?? "";
  return Object.fromEntries(
    [...block.matchAll(/^(\w+) +((?:[0-9a-f]+\s+)+)/gm)].map(([, name = "", value = ""]) => [
      name,
      value.replace(/\s/g, ""),
    ]),
  );
}

async function proofFor(scheme: SignatureScheme) {
  const { publicKey, privateKey } = await postQuantumCrypto.generateSignatureKeyPair(scheme);
  const proof: RegistrationProof = {
    audience: "mls-key-directory",
    user: "älice",
    client: "phone",
    scheme,
    publicKey,
    signedAt: 1_800_000_000,
  };
  return { proof, signature: await postQuantumCrypto.sign(scheme, privateKey, registrationProofInput(proof)) };
}

describe("a proof of possession", () => {
  it("is made of the bytes that the documentation shows", async () => {
    const vector = documented();
    const privateKey = Buffer.from(vector.private_key ?? "", "hex");
    const publicKey = Buffer.from(vector.public_key ?? "", "hex");
    const input = registrationProofInput({
      audience: "mls-key-directory",
      user: "alice",
      client: "phone",
      scheme: SignatureScheme.ed25519,
      publicKey,
      signedAt: 1_800_000_000,
    });
    expect(hex(input)).toBe(vector.signed);
    expect(hex(await nobleCrypto.sign(SignatureScheme.ed25519, privateKey, input))).toBe(vector.proof);
    // The request that is shown there is the same.
    expect(JSON.parse(/```json\n(\{\n {2}"signature_keys"[^`]*)```/.exec(page)?.[1] ?? "")).toEqual({
      signature_keys: { ed25519: publicKey.toString("base64url") },
      signed_at: 1_800_000_000,
      proofs: { ed25519: Buffer.from(vector.proof ?? "", "hex").toString("base64url") },
    });
  });

  it.each(Object.entries(SignatureScheme))(
    "holds for %s with both providers, and for nothing else",
    async (_, scheme) => {
      const { proof, signature } = await proofFor(scheme);
      const stranger = await postQuantumCrypto.generateSignatureKeyPair(scheme);
      const others: Partial<RegistrationProof>[] = [
        { audience: "another-directory" },
        { user: "alice" },
        { client: "tablet" },
        { publicKey: stranger.publicKey },
        { signedAt: proof.signedAt + 1 },
        // The same characters, divided otherwise.
        { user: `${proof.user}p`, client: proof.client.slice(1) },
      ];
      for (const crypto of [postQuantumCrypto, webCryptoOver(postQuantumCrypto)]) {
        expect(await verifyRegistrationProof(crypto, proof, signature)).toBe(true);
        for (const other of others) {
          expect(await verifyRegistrationProof(crypto, { ...proof, ...other }, signature)).toBe(false);
        }
        expect(await verifyRegistrationProof(crypto, proof, signature.subarray(1))).toBe(false);
        expect(await verifyRegistrationProof(crypto, proof, new Uint8Array())).toBe(false);
      }
    },
  );
});
