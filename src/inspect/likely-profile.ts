/** Whose suite numbers a package was probably written with. Numbers alone do not say: the lengths of its keys help. */
import { KeyPackageIn } from "../mls/key-package/key-package-in.ts";
import { PROFILES } from "../mls/named-profiles.ts";
import { RFC_9420, type SuiteProfile } from "../mls/suite-profile.ts";

/**
 * The first named profile in which both keys have the length of the suite; without one, the first that has the number at
 * all; without that, RFC 9420's. A guess: two profiles may give a number suites whose keys are equally long.
 */
export function likelyProfile(bytes: Uint8Array): SuiteProfile {
  const having = PROFILES.flatMap((profile) => {
    const decoded = KeyPackageIn.fromBytes(bytes, profile);
    return decoded.ok ? [{ profile, hasItsKeys: hasKeysOfItsSuite(decoded.value) }] : [];
  });
  return (having.find(({ hasItsKeys }) => hasItsKeys) ?? having[0])?.profile ?? RFC_9420;
}

function hasKeysOfItsSuite(received: KeyPackageIn): boolean {
  const { kemPublicKeyBytes, signaturePublicKeyBytes } = received.suite();
  const { initKey, leafNode } = received.unverified();
  return (
    initKey.key().asSlice().length === kemPublicKeyBytes &&
    leafNode.signatureKey().asSlice().length === signaturePublicKeyBytes
  );
}
