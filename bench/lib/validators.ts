/**
 * The ways to judge one client's batch, in a form that runs in workerd and in Node alike. Each takes the bytes as they
 * come off the wire and ends with references; the number of packages found good tells that it really judged them.
 */
import {
  type CiphersuiteImpl,
  type CiphersuiteName,
  decodeMlsMessage,
  defaultAuthenticationService,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  type KeyPackage,
} from "ts-mls";
import { makeKeyPackageRef, verifyKeyPackage } from "ts-mls/keyPackage.js";
import { verifyLeafNodeSignatureKeyPackage } from "ts-mls/leafNode.js";
import { type AdmissionContext, admit } from "../../src/admission/admit.ts";
import {
  MAX_KEY_PACKAGE_BYTES,
  MAX_TOTAL_LIFETIME_SECONDS,
  UPLOAD_CLOCK_SKEW_SECONDS,
} from "../../src/config/limits.ts";
import { isCiphersuite, isMlDsa } from "../../src/mls/ciphersuite.ts";
import { batchVerifier } from "../../src/mls/crypto/batch-verifier.ts";
import { nobleVerifier } from "../../src/mls/crypto/noble-verifier.ts";
import type { CryptoVerifier } from "../../src/mls/crypto/provider.ts";
import { webCryptoVerifierOver } from "../../src/mls/crypto/webcrypto-verifier.ts";
import { withMlDsa } from "../../src/mls/post-quantum/ml-dsa-verifier.ts";
import { makeProfile, RFC_9420 } from "../../src/mls/suite-profile.ts";
import { x509Verifier } from "../../src/mls/x509/index.ts";
import type { Batch } from "./packages.ts";

export const VALIDATORS = ["noble_batched", "noble_single", "native", "ts_mls"] as const;
export type ValidatorName = (typeof VALIDATORS)[number];

/** A batch made ready for one validator: each call judges it once and returns how many packages were good. */
export type Judge = () => Promise<number>;

/** In JavaScript, as in the entry with everything: of ML-DSA it asks noble. */
const batched = withMlDsa(batchVerifier);

const nobleOneByOne: CryptoVerifier = {
  ...nobleVerifier,
  verifyMany: async (scheme, items, policy) => {
    const verdicts: boolean[] = [];
    for (const item of items) verdicts.push(await nobleVerifier.verify(scheme, item, policy));
    return verdicts;
  },
};

/** The runtime's own crypto. A figure of ML-DSA by noble must not pass for one of the runtime. */
const native = webCryptoVerifierOver({
  ...batched,
  verifyMany: (scheme, items, policy) =>
    isMlDsa(scheme)
      ? Promise.reject(new Error("this runtime has no ML-DSA"))
      : batched.verifyMany(scheme, items, policy),
});

export async function judgeOf(name: ValidatorName, batch: Batch): Promise<Judge> {
  const items = batch.packages.map(fromBase64Url);
  switch (name) {
    case "noble_batched":
      return admission(items, batch, batched);
    case "noble_single":
      return admission(items, batch, nobleOneByOne);
    case "native":
      return admission(items, batch, native);
    case "ts_mls": {
      const suite = await getCiphersuiteImpl(getCiphersuiteFromName(batch.suite.name as CiphersuiteName));
      return () => tsMls(items, suite);
    }
  }
}

async function admission(items: readonly Uint8Array[], batch: Batch, crypto: CryptoVerifier): Promise<Judge> {
  const { suite, anchors } = batch;
  const context: Omit<AdmissionContext, "now"> = {
    crypto,
    policy: {
      ciphersuites: [suite.ciphersuite],
      profile: isCiphersuite(suite.ciphersuite) ? RFC_9420 : makeProfile("bench", [suite]),
      maxKeyPackageBytes: MAX_KEY_PACKAGE_BYTES,
      maxTotalLifetimeSeconds: MAX_TOTAL_LIFETIME_SECONDS,
      uploadClockSkewSeconds: UPLOAD_CLOCK_SKEW_SECONDS,
      ...(anchors.length > 0 ? { x509: await x509Verifier(anchors.map(fromBase64Url)) } : {}),
    },
    publisher: {
      identity: batch.identity,
      signatureKeys: new Map([[suite.signatureScheme, fromBase64Url(batch.publicKey)]]),
    },
  };
  return async () => {
    let good = 0;
    for (let from = 0; from < items.length; from += batch.uploadPackages) {
      const upload = items.slice(from, from + batch.uploadPackages);
      const verdicts = await admit(upload, { ...context, now: Math.floor(Date.now() / 1000) });
      const refused = verdicts.find((verdict) => !verdict.ok);
      if (refused && !refused.ok) throw new Error(`${suite.name}: ${refused.code}: ${refused.detail}`);
      good += verdicts.length;
    }
    return good;
  };
}

async function tsMls(items: readonly Uint8Array[], suite: CiphersuiteImpl): Promise<number> {
  let good = 0;
  for (const item of items) {
    const decoded = decodeMlsMessage(item, 0)?.[0];
    if (decoded?.wireformat !== "mls_key_package") continue;
    if (!(await tsMlsAccepts(decoded.keyPackage, suite))) continue;
    const ref = await makeKeyPackageRef(decoded.keyPackage, suite.hash);
    if (ref.length > 0) good++;
  }
  return good;
}

/** The checks that ts-mls makes of a KeyPackage it is asked to add, in its order; the function itself is not exported. */
async function tsMlsAccepts(keyPackage: KeyPackage, suite: CiphersuiteImpl): Promise<boolean> {
  const { leafNode } = keyPackage;
  if (!(await verifyLeafNodeSignatureKeyPackage(leafNode, suite.signature))) return false;
  const now = BigInt(Math.floor(Date.now() / 1000));
  if (leafNode.lifetime.notBefore > now || leafNode.lifetime.notAfter < now) return false;
  if (!(await defaultAuthenticationService.validateCredential(leafNode.credential, leafNode.signaturePublicKey))) {
    return false;
  }
  if (!(await verifyKeyPackage(keyPackage, suite.signature))) return false;
  return keyPackage.initKey.some((byte, index) => byte !== leafNode.hpkePublicKey[index]);
}

function fromBase64Url(text: string): Uint8Array {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
