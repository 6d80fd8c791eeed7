/** ML-DSA by workerd itself, which has it under a compatibility flag: the verdicts must be those of noble. */
import { expect, test } from "vitest";
import { SignatureScheme } from "../../../src/mls/ciphersuite.ts";
import { webCryptoOver } from "../../../src/mls/crypto/webcrypto.ts";
import { postQuantumCrypto } from "../../../src/mls/post-quantum/index.ts";
import { describeMlDsa } from "../../node/crypto/ml-dsa-suite.ts";

describeMlDsa("post-quantum", postQuantumCrypto);
describeMlDsa("webcrypto over post-quantum", webCryptoOver(postQuantumCrypto));

test("the runtime verifies ML-DSA itself: noble is not asked", async () => {
  const asked = () => Promise.reject(new Error("noble was asked"));
  const native = webCryptoOver({ ...postQuantumCrypto, verify: asked, verifyMany: asked });
  for (const scheme of [SignatureScheme.mldsa44, SignatureScheme.mldsa65, SignatureScheme.mldsa87]) {
    const { privateKey, publicKey } = await postQuantumCrypto.generateSignatureKeyPair(scheme);
    const message = new TextEncoder().encode("a message");
    const signature = await postQuantumCrypto.sign(scheme, privateKey, message);
    const item = { publicKey, message, signature };
    expect(await native.verifyMany(scheme, [item, { ...item, message: publicKey }], "strict")).toEqual([true, false]);
  }
});
