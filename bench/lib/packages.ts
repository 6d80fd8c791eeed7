/** Batches of one client's KeyPackages, in the form in which they reach the validators. */
import { type Ciphersuite, ciphersuiteInfo, type SignatureScheme } from "../../src/mls/ciphersuite.ts";
import { type SampleSigner, sampleKeyPackages } from "../../tools/lib/sample-packages.ts";

export const BATCH_PACKAGES = 100;

/** Plain JSON, so that it reaches workerd and other processes. */
export type Batch = {
  /** Packages that are judged together, as one upload; the batch is judged upload by upload. */
  readonly uploadPackages: number;
  readonly suite: Ciphersuite;
  readonly scheme: SignatureScheme;
  readonly identity: string;
  /** base64url, as are the packages, each an MLSMessage. */
  readonly publicKey: string;
  readonly packages: readonly string[];
};

export async function makeBatch(
  suite: Ciphersuite,
  identity: string,
  signer: SampleSigner,
  uploadPackages = BATCH_PACKAGES,
): Promise<Batch> {
  return {
    uploadPackages,
    suite,
    scheme: ciphersuiteInfo(suite).signatureScheme,
    identity,
    publicKey: Buffer.from(signer.publicKey).toString("base64url"),
    packages: await sampleKeyPackages({ identity, signer, count: BATCH_PACKAGES, ciphersuite: suite }),
  };
}
