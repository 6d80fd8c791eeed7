/** What a program with a generated client is sent to do at a directory of its own, and what it must see. */
import type { Errand, Seen } from "../../test/generators/stories/errand.ts";
import { localRegistration } from "./registration-requests.ts";
import { newSigner, sampleKeyPackages } from "./sample-packages.ts";
import type { Issuer } from "./tokens.ts";

/** SHA-256 of nothing. */
const DIGEST_OF_NOTHING = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
const ONE_TIME_PACKAGES = 3;

/** An errand for a user of this name, who is new. */
export async function errandFor(name: string, url: string, issuer: Issuer): Promise<Errand> {
  const signer = await newSigner();
  const owner = { user: `owner/${name}`, client: "phone" };
  const claimer = { user: `claimer/${name}`, client: "laptop" };
  const packages = { identity: owner.user, signer };
  return {
    url,
    owner: { ...owner, token: await issuer.token(owner.user, owner.client, "key-packages:publish") },
    claimer: { ...claimer, token: await issuer.token(claimer.user, claimer.client, "key-packages:claim") },
    registration: await localRegistration(owner.user, owner.client, signer),
    key_packages: [
      ...(await sampleKeyPackages({ ...packages, count: ONE_TIME_PACKAGES })),
      ...(await sampleKeyPackages({ ...packages, count: 1, lastResort: true })),
    ],
    idempotency_key: `errand-${name}`,
    digest: DIGEST_OF_NOTHING,
  };
}

/** One package was claimed, and the last resort is left beside the others. */
export const EXPECTED: Seen = {
  registered: "phone",
  stored: ONE_TIME_PACKAGES + 1,
  available: ONE_TIME_PACKAGES,
  last_resort_uses: 0,
  claimed: "claimed",
  again: true,
  unknown_here: ONE_TIME_PACKAGES,
  refused: "unknown_user",
};
