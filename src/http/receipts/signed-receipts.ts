/** What each receipt states, from what the pool has answered. */
import { sha256 } from "@noble/hashes/sha2.js";
import type { ReceiptSettings } from "../../config/receipt-settings.ts";
import { type ClaimedPackage, packagesOf } from "../../contract/claim-messages.ts";
import type { Registration } from "../../contract/registration-messages.ts";
import { type SignatureScheme, signatureSchemeName } from "../../mls/ciphersuite.ts";
import { KeyPackageIn } from "../../mls/key-package/key-package-in.ts";
import type { SuiteProfile } from "../../mls/suite-profile.ts";
import { toBase64Url } from "../../shared/base64url.ts";
import { ReceiptSigner } from "./receipt-signer.ts";
import type { AnsweredClaim, Receipts } from "./receipts.ts";

/** Receipts of a deployment; `profile` says what the numbers of its suites mean. */
export async function signedReceipts(settings: ReceiptSettings, profile: SuiteProfile): Promise<Receipts> {
  const signer = await ReceiptSigner.create(settings);
  return {
    claim: async ({ user, claimer, at, claimId, clients }) => {
      const receipts = new Map<string, string>();
      for (const given of clients) {
        if (claimId === undefined) continue;
        const { client, status } = given;
        for (const taken of packagesOf(given)) {
          const ref = toBase64Url(taken.keyPackageRef);
          const receipt = await signer.sign("claim", {
            iat: at,
            sub: user,
            client,
            registered_at: taken.registeredAt,
            claim: claimId,
            ...audience(claimer),
            key_package_ref: ref,
            ciphersuite: taken.ciphersuite,
            use: status === "claimed" ? "one_time" : "last_resort",
            ...signatureKeyOf(taken, profile),
            not_after: taken.notAfter,
          });
          receipts.set(ref, receipt);
        }
      }
      return receipts;
    },
    registration: (user, { client, registeredAt, signatureKeys }, at) =>
      signer.sign("registration", {
        iat: at,
        sub: user,
        client,
        registered_at: registeredAt,
        signature_keys_sha256: hashedKeys(signatureKeys),
      }),
    publication: ({ user, client, at, registeredAt, mode, refs }) =>
      signer.sign("publication", {
        iat: at,
        sub: user,
        client,
        registered_at: registeredAt,
        mode,
        key_package_refs: refs,
      }),
    revocation: ({ user, client, at, registeredAt, purged }) =>
      signer.sign("revocation", { iat: at, sub: user, client, registered_at: registeredAt, purged }),
  };
}

const audience = (claimer: AnsweredClaim["claimer"]) =>
  "secretHash" in claimer
    ? { capability_sha256: toBase64Url(claimer.secretHash) }
    : { aud: claimer.user, claimer_client: claimer.client };

const hash = (bytes: Uint8Array): string => toBase64Url(sha256(bytes));

const hashedKeys = (keys: Registration["signatureKeys"]) =>
  Object.fromEntries(
    keys.map(({ scheme, publicKey }) => [signatureSchemeName(scheme as SignatureScheme), hash(publicKey)]),
  );

/** The package was checked when it was stored: one that cannot be read now is a fault. */
function signatureKeyOf({ keyPackage }: ClaimedPackage, profile: SuiteProfile) {
  const read = KeyPackageIn.tlsDeserializeExact(keyPackage, profile);
  if (!read.ok) throw new TypeError(`expected a KeyPackage in stock, got ${read.error.code}`);
  const { signatureScheme } = read.value.suite();
  return {
    signature_scheme: signatureSchemeName(signatureScheme),
    signature_key_sha256: hash(read.value.unverifiedCredential().signatureKey.asSlice()),
  };
}
