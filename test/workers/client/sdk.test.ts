/** The client within a Worker, against the Worker under test. */
import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import {
  KeyPackageDirectory,
  libraryMaker,
  Replenisher,
  selfCheck,
  type TokenRequest,
} from "../../../src/client/index.ts";
import { BasicCredential, nobleCrypto, SignatureKeyPair, SignatureScheme } from "../../../src/mls/index.ts";
import { AUDIENCE, token } from "../support/auth.ts";
import { freshName, ORIGIN } from "../support/http.ts";

const person = (user: string) =>
  new KeyPackageDirectory({
    url: ORIGIN,
    audience: AUDIENCE,
    user,
    client: "phone",
    token: ({ scope }: TokenRequest) => token({ user, client: "phone", scope }),
    platform: { fetch: (url, init) => exports.default.fetch(new Request(url, init)) },
  });

describe("the client in workerd", () => {
  it("registers, fills the stock, checks itself, and claims a verified package", async () => {
    const user = freshName("sdk");
    const signer = await SignatureKeyPair.generate(nobleCrypto, SignatureScheme.ed25519);
    const credential = new BasicCredential(user).toCredential();
    const maker = libraryMaker({ credential, signers: [signer], ciphersuites: [1] });
    const replenisher = new Replenisher({ directory: person(user), maker, target: 4 });
    expect(await replenisher.replenish()).toMatchObject({ made: 5, uploaded: 5 });
    expect(await selfCheck(replenisher)).toMatchObject({ reachable: true, suites: [{ good: 4, lastResort: true }] });
    const { packages, rejected } = await person(freshName("bob")).claim(user);
    expect([packages.length, rejected]).toEqual([1, []]);
    expect(packages[0]?.signatureKey).toEqual(signer.publicKey().asSlice());
  });
});
