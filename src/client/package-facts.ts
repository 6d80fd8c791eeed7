/** What the directory and this client know a package by. */
import type { CryptoProvider, KeyPackage } from "../mls/index.ts";
import { toBase64Url } from "./portable-base64url.ts";

export type PackageFacts = {
  /** KeyPackageRef in base64url. */
  readonly ref: string;
  readonly ciphersuite: number;
  readonly lastResort: boolean;
  /** Unix seconds. */
  readonly notAfter: number;
  readonly signatureKey: Uint8Array;
};

export async function factsOf(keyPackage: KeyPackage, crypto: CryptoProvider): Promise<PackageFacts> {
  return {
    ref: toBase64Url((await keyPackage.hashRef(crypto)).asSlice()),
    ciphersuite: keyPackage.ciphersuite(),
    lastResort: keyPackage.lastResort(),
    notAfter: Number(keyPackage.lifeTime().notAfter),
    signatureKey: keyPackage.leafNode().signatureKey().asSlice(),
  };
}
