import type { AdmittedKeyPackage } from "../contract/admitted-key-package.ts";
import type { SignatureScheme } from "../mls/ciphersuite.ts";
import { copyOf, toHex } from "../mls/codec/byte-strings.ts";
import { isDefaultExtensionType, isDefaultProposalType, isGrease, ProtocolVersion } from "../mls/codec/code-points.ts";
import type { SignatureItem, SignaturePolicy } from "../mls/crypto/provider.ts";
import { KeyPackageIn } from "../mls/key-package/key-package-in.ts";
import { makeKeyPackageRef } from "../mls/key-package/key-package-ref.ts";
import {
  canonicalHpkePublicKey,
  hpkePublicKeyDefect,
  type PublicKeyDefect,
  signaturePublicKeyDefect,
} from "../mls/keys/public-keys.ts";
import { type AdmissionRefusal, describeRefusal, refusalOfDecodeError } from "./admission-refusal.ts";
import { verifyCertificates } from "./certificates.ts";
import { cheapRefusal, countsOf } from "./cheap-checks.ts";
import { type AdmissionContext, MANY_CAPABILITIES_PER_KIND } from "./policy.ts";
import type { AdmissionVerdict, AdmissionWarning } from "./verdict.ts";

export type { AdmissionContext } from "./policy.ts";
export type { AdmissionVerdict } from "./verdict.ts";

/**
 * Says of each item, in order, whether it may enter the directory. An item is a KeyPackage or an MLSMessage with one;
 * it is checked by itself, so a bad one does not affect the others.
 *
 * Cheap checks come first; the signatures of the items that pass are verified together, scheme by scheme. Never throws
 * for bad input: a rejection is a fault of the crypto provider or of the x509 verifier.
 */
export async function admit(items: readonly Uint8Array[], context: AdmissionContext): Promise<AdmissionVerdict[]> {
  return admitPrepared(await prepare(items, context), context);
}

/** An item that was decoded, or why it cannot be. */
export type Prepared = AdmissionRefusal | PreparedKeyPackage;

/** A package that is well-formed and of an accepted suite, and not checked beyond that: its reference tells which it is. */
export type PreparedKeyPackage = {
  readonly received: KeyPackageIn;
  /** KeyPackageRef, RFC 9420 §5.2. */
  readonly ref: Uint8Array;
  readonly ciphersuite: number;
  readonly lastResort: boolean;
};

export const isPrepared = (prepared: Prepared): prepared is PreparedKeyPackage => "received" in prepared;

/** Decodes each item and names it, without any check that needs a key. */
export function prepare(
  items: readonly Uint8Array[],
  { crypto, policy }: Pick<AdmissionContext, "crypto" | "policy">,
): Promise<Prepared[]> {
  return Promise.all(
    items.map(async (item): Promise<Prepared> => {
      const { maxKeyPackageBytes, ciphersuites, profile } = policy;
      if (item.length > maxKeyPackageBytes) {
        return { code: "too_large", bytes: item.length, maxBytes: maxKeyPackageBytes };
      }
      const decoded = KeyPackageIn.fromBytes(item, profile);
      if (!decoded.ok) return refusalOfDecodeError(decoded.error);
      const received = decoded.value;
      const { ciphersuite, extensions, protocolVersion } = received.unverified();
      if (protocolVersion !== ProtocolVersion.Mls10) {
        return { code: "invalid_protocol_version", version: protocolVersion };
      }
      if (!ciphersuites.includes(ciphersuite) || !crypto.supports(received.suite())) {
        return { code: "unsupported_ciphersuite", ciphersuite };
      }
      const ref = await makeKeyPackageRef(crypto, received.suite(), received.tlsSerialize());
      return { received, ref: ref.asSlice(), ciphersuite, lastResort: extensions.lastResort() };
    }),
  );
}

/** The same verdicts as `admit`, of items that were prepared under the same policy. */
export async function admitPrepared(
  items: readonly Prepared[],
  context: AdmissionContext,
): Promise<AdmissionVerdict[]> {
  const signatureKeyDefect = signatureKeyLookup();
  const refs = new Map(items.flatMap((item) => (isPrepared(item) ? [[item.received, item.ref] as const] : [])));
  const outcomes = items.map((item) => (isPrepared(item) ? checkUnsigned(item, context, signatureKeyDefect) : item));
  const passedCheapChecks = outcomes.filter((outcome) => outcome instanceof KeyPackageIn);
  const signatures = await verifySignatures(passedCheapChecks, context);
  const signed = passedCheapChecks.filter((received) => !signatures.has(received));
  const certificates = await verifyCertificates(signed, context);
  return outcomes.map((outcome): AdmissionVerdict => {
    const certified = outcome instanceof KeyPackageIn ? certificates.get(outcome) : undefined;
    const uncertified = certified?.ok === false ? certified.refusal : undefined;
    const refusal = outcome instanceof KeyPackageIn ? (signatures.get(outcome) ?? uncertified) : outcome;
    if (refusal !== undefined) return { ok: false, code: refusal.code, detail: describeRefusal(refusal) };
    if (!(outcome instanceof KeyPackageIn))
      throw new Error("expected a refusal of a package that failed the cheap checks");
    return {
      ok: true,
      keyPackage: admitted(outcome, refOf(refs, outcome), certified?.ok ? certified.notAfter : undefined),
      warnings: warningsOf(outcome),
    };
  });
}

function refOf(refs: ReadonlyMap<KeyPackageIn, Uint8Array>, received: KeyPackageIn): Uint8Array {
  const ref = refs.get(received);
  if (!ref) throw new Error("expected a package that was prepared");
  return ref;
}

type SignatureKeyLookup = (scheme: SignatureScheme, key: Uint8Array) => PublicKeyDefect | undefined;

const checkUnsigned = (
  { received }: PreparedKeyPackage,
  context: AdmissionContext,
  signatureKeyDefect: SignatureKeyLookup,
): KeyPackageIn | AdmissionRefusal =>
  cheapRefusal(received, context) ?? publicKeyRefusal(received, signatureKeyDefect) ?? received;

function publicKeyRefusal(
  received: KeyPackageIn,
  signatureKeyDefect: SignatureKeyLookup,
): AdmissionRefusal | undefined {
  const { initKey, leafNode } = received.unverified();
  const suite = received.suite();
  const init = hpkePublicKeyDefect(suite, initKey.asSlice());
  if (init !== undefined) return { code: "invalid_init_key", defect: init };
  const encryption = hpkePublicKeyDefect(suite, leafNode.encryptionKey().asSlice());
  if (encryption !== undefined) return { code: "invalid_encryption_key", defect: encryption };
  const signature = signatureKeyDefect(suite.signatureScheme, leafNode.signatureKey().asSlice());
  return signature === undefined ? undefined : { code: "invalid_signature_key", defect: signature };
}

/** A batch comes from one client and has few signature keys, so each is checked once. */
function signatureKeyLookup(): SignatureKeyLookup {
  const known = new Map<string, PublicKeyDefect | undefined>();
  return (scheme, key) => {
    const name = `${scheme}:${toHex(key)}`;
    if (!known.has(name)) known.set(name, signaturePublicKeyDefect(scheme, key));
    return known.get(name);
  };
}

/** What is admitted has to verify for every member of a group, whichever implementation it has. */
const SIGNATURE_POLICY: SignaturePolicy = "strict";

/** Refusals of packages with an invalid signature; that of the leaf is reported first, as in OpenMLS. */
async function verifySignatures(
  passedCheapChecks: readonly KeyPackageIn[],
  { crypto }: AdmissionContext,
): Promise<Map<KeyPackageIn, AdmissionRefusal>> {
  const byScheme = Map.groupBy(passedCheapChecks, (received) => received.suite().signatureScheme);
  const refusals = new Map<KeyPackageIn, AdmissionRefusal>();
  for (const [scheme, group] of byScheme) {
    const items: SignatureItem[] = group.flatMap((received) => {
      const { leafNode, keyPackage } = received.signatureItems();
      return [leafNode, keyPackage];
    });
    const valid = await crypto.verifyMany(scheme, items, SIGNATURE_POLICY);
    for (const [i, received] of group.entries()) {
      if (valid[2 * i] !== true) refusals.set(received, { code: "invalid_leaf_node_signature" });
      else if (valid[2 * i + 1] !== true) refusals.set(received, { code: "invalid_signature" });
    }
  }
  return refusals;
}

/**
 * Every field has its own buffer: a view would carry the whole request through structured clone. A package ends with its
 * certificate, if that ends first.
 */
function admitted(received: KeyPackageIn, ref: Uint8Array, certificateEnd: number | undefined): AdmittedKeyPackage {
  const { ciphersuite, initKey, leafNode, extensions } = received.unverified();
  const capabilities = leafNode.capabilities();
  return {
    ref,
    bytes: received.tlsSerialize(),
    ciphersuite,
    signatureScheme: received.suite().signatureScheme,
    signatureKey: copyOf(leafNode.signatureKey().asSlice()),
    initKey: canonicalHpkePublicKey(received.suite(), initKey.asSlice()),
    encryptionKey: canonicalHpkePublicKey(received.suite(), leafNode.encryptionKey().asSlice()),
    notBefore: clampToNumber(leafNode.lifeTime()?.notBefore ?? 0n),
    notAfter: Math.min(clampToNumber(leafNode.lifeTime()?.notAfter ?? 0n), certificateEnd ?? Number.MAX_SAFE_INTEGER),
    lastResort: extensions.lastResort(),
    capabilities: {
      extensions: codePoints(capabilities.extensions()),
      proposals: codePoints(capabilities.proposals()),
      credentials: codePoints(capabilities.credentials()),
    },
  };
}

/** What is not quite right with a package that is admitted all the same. */
export function warningsOf(received: KeyPackageIn): AdmissionWarning[] {
  const capabilities = received.unverified().leafNode.capabilities();
  const listed =
    capabilities.extensions().some(isDefaultExtensionType) || capabilities.proposals().some(isDefaultProposalType);
  const many = countsOf(capabilities).some(([, count]) => count > MANY_CAPABILITIES_PER_KIND);
  return [...(listed ? (["default_type_listed"] as const) : []), ...(many ? (["many_capabilities"] as const) : [])];
}

function codePoints(values: readonly number[]): number[] {
  return [...new Set(values)].filter((value) => !isGrease(value)).sort((a, b) => a - b);
}

function clampToNumber(seconds: bigint): number {
  return seconds > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : Number(seconds);
}
