/** Batches of one client's KeyPackages, in the form in which they reach the validators. */
import { type CiphersuiteInfo, ciphersuiteInfo, type Suite } from "../../src/mls/ciphersuite.ts";
import { type SampleSigner, sampleKeyPackages } from "../../tools/lib/sample-packages.ts";

export const BATCH_PACKAGES = 100;

/** Plain JSON, so that it reaches workerd and other processes. */
export type Batch = {
  /** Packages that are judged together, as one upload; the batch is judged upload by upload. */
  readonly uploadPackages: number;
  readonly suite: CiphersuiteInfo;
  readonly identity: string;
  /** base64url, as are the packages, each an MLSMessage. */
  readonly publicKey: string;
  readonly packages: readonly string[];
  /** Certificates in DER, in base64url, that x509 credentials must lead to; none if the credentials are basic. */
  readonly anchors: readonly string[];
};

/** The credential of a batch: certificates in DER, the client's own first, and what they must lead to. */
export type Chain = { readonly certificates: readonly Uint8Array[]; readonly anchor: Uint8Array };

export type BatchOptions = {
  readonly suite: Suite;
  readonly identity: string;
  readonly signer: SampleSigner;
  readonly uploadPackages?: number;
  /** A basic credential if left out. */
  readonly chain?: Chain | undefined;
};

export async function makeBatch({ suite, identity, signer, uploadPackages, chain }: BatchOptions): Promise<Batch> {
  const certificates = chain === undefined ? {} : { certificates: chain.certificates };
  return {
    uploadPackages: uploadPackages ?? BATCH_PACKAGES,
    suite: ciphersuiteInfo(suite),
    identity,
    publicKey: base64url(signer.publicKey),
    packages: await sampleKeyPackages({ identity, signer, count: BATCH_PACKAGES, ciphersuite: suite, ...certificates }),
    anchors: chain === undefined ? [] : [base64url(chain.anchor)],
  };
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
