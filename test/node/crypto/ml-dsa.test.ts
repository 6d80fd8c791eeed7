import { webCryptoOver } from "../../../src/mls/crypto/webcrypto.ts";
import { postQuantumCrypto } from "../../../src/mls/post-quantum/index.ts";
import { describeMlDsa } from "./ml-dsa-suite.ts";

describeMlDsa("post-quantum", postQuantumCrypto);
// In a runtime without ML-DSA it asks noble; test/workers/full runs it in one that has it.
describeMlDsa("webcrypto over post-quantum", webCryptoOver(postQuantumCrypto));
