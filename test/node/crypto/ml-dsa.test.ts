import { describe, expect, test } from "vitest";
import { Aead, Kem, makeCiphersuite, SignatureScheme } from "../../../src/mls/ciphersuite.ts";
import { batchVerifier } from "../../../src/mls/crypto/batch-verifier.ts";
import { webCryptoOver } from "../../../src/mls/crypto/webcrypto.ts";
import { postQuantumCrypto } from "../../../src/mls/post-quantum/index.ts";
import { withMlDsa } from "../../../src/mls/post-quantum/ml-dsa-verifier.ts";
import { describeMlDsa } from "./ml-dsa-suite.ts";

describeMlDsa("post-quantum", postQuantumCrypto);
// In a runtime without ML-DSA it asks noble; test/workers/full runs it in one that has it.
describeMlDsa("webcrypto over post-quantum", webCryptoOver(postQuantumCrypto));

describe("A verifier with ML-DSA over the directory's", () => {
  const verifier = withMlDsa(batchVerifier);
  const suiteOf = (kem: Kem, signatureScheme: SignatureScheme) =>
    makeCiphersuite(0xf000, { name: "a suite", kem, aead: Aead.AES_128_GCM, hash: "SHA-256", signatureScheme });

  test("validates what it does not make", () => {
    const post = suiteOf(Kem.MLKEM768, SignatureScheme.mldsa65);
    expect([verifier.supports(post), batchVerifier.supports(post)]).toEqual([true, false]);
    expect(verifier.supports(post, "make")).toBe(false);
    expect(verifier.supports(suiteOf(Kem.DHKEM_X25519, SignatureScheme.ed25519), "make")).toBe(true);
  });
});
