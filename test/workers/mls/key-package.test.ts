import { describe, expect, it } from "vitest";
import { webCrypto } from "../../../src/mls/crypto/webcrypto.ts";
import { open, seal } from "../../../src/mls/hpke/index.ts";
import {
  BasicCredential,
  CIPHERSUITES,
  ciphersuiteInfo,
  generateKeyPackages,
  InMemoryKeyPackageStorage,
  KeyPackage,
  KeyPackageIn,
  newIdentity,
  nobleCrypto,
  SignatureKeyPair,
} from "../../../src/mls/index.ts";
import { x509Verifier } from "../../../src/mls/x509/x509-chain.ts";

const NOW = 1_800_000_000;

describe.each([
  ["noble", nobleCrypto],
  ["webcrypto", webCrypto],
])("the library in workerd, on %s", (_, crypto) => {
  it.each([...CIPHERSUITES])("builds and validates a KeyPackage of ciphersuite %d", async (ciphersuite) => {
    const provider = { crypto, storage: new InMemoryKeyPackageStorage(), now: () => NOW };
    const signer = await SignatureKeyPair.generate(crypto, ciphersuiteInfo(ciphersuite).signatureScheme);
    const credential = new BasicCredential("alice").toCredential();
    const built = await KeyPackage.builder()
      .markAsLastResort()
      .build(ciphersuite, provider, signer, { credential, signatureKey: signer.publicKey() });
    if (!built.ok) throw new Error(built.error.message);
    const received = KeyPackageIn.fromBytes(built.value.keyPackage().toMlsMessage());
    if (!received.ok) throw new Error(received.error.message);
    const validated = await received.value.validate(crypto, 1, { now: NOW });
    expect(validated.ok && validated.value.lastResort()).toBe(true);
    const ref = await built.value.keyPackage().hashRef(crypto);
    expect((await provider.storage.readKeyPackage(ref))?.keyPackage()).toBe(built.value.keyPackage());
  });
});

describe("HPKE in workerd", () => {
  it.each([...CIPHERSUITES])(
    "seals to an init key of ciphersuite %d, and opens with the bundle",
    async (ciphersuite) => {
      const identity = await newIdentity("alice", { ciphersuite });
      const made = await generateKeyPackages({ identity, count: 1, now: NOW });
      const [bundle] = made.ok ? made.value : [];
      if (!bundle) throw new Error("expected a bundle");
      const bound = { label: "Welcome", context: Uint8Array.of(1) };
      const plaintext = Uint8Array.of(7, 7);
      const sealed = await seal(bundle.keyPackage(), { ...bound, plaintext });
      if (!sealed.ok) throw new Error(sealed.error.message);
      expect(await open(bundle, { ...bound, sealed: sealed.value })).toEqual({ ok: true, value: plaintext });
    },
  );
});

describe("x509 credentials in workerd", () => {
  it("are refused as malformed where they are, which takes the X.509 library to be loaded", async () => {
    const credential = new BasicCredential("alice").toCredential();
    const question = { credential, signatureScheme: 0x0807, signatureKey: new Uint8Array(32), now: NOW } as const;
    expect(await (await x509Verifier([]))(question)).toMatchObject({ ok: false, error: { code: "Malformed" } });
  });
});
