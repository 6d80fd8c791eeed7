import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import {
  AppDataDictionary,
  Capabilities,
  CIPHERSUITES,
  Credential,
  deserializeKeyPackageBundle,
  Extensions,
  HpkePrivateKey,
  isGrease,
  KeyPackage,
  KeyPackageIn,
  Lifetime,
  nobleCrypto,
  SignatureKeyPair,
  SignatureScheme,
  serializeKeyPackageBundle,
} from "../../../src/mls/index.ts";
import { CLIENT_NOW, newClient } from "../support/client.ts";
import { toHex } from "../support/vectors.ts";

async function validate(keyPackage: KeyPackage, now = CLIENT_NOW) {
  const decoded = KeyPackageIn.tlsDeserializeExact(keyPackage.tlsSerialize());
  if (!decoded.ok) throw new Error(decoded.error.message);
  return decoded.value.validate(nobleCrypto, 1, { now });
}

function unwrap<T>(result: { ok: true; value: T } | { ok: false; error: { message: string } }): T {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

describe("KeyPackageBuilder", () => {
  it("builds what validates, in every ciphersuite, and gives back what was built", async () => {
    for (const ciphersuite of CIPHERSUITES) {
      const client = await newClient(ciphersuite);
      const keyPackage = (await client.bundle()).keyPackage();
      const validated = await validate(keyPackage);
      expect(validated.ok && validated.value.ciphersuite()).toBe(ciphersuite);
      expect(keyPackage.leafNode().capabilities().ciphersuites()).toContain(ciphersuite);
      expect(unwrap(KeyPackageIn.fromBytes(keyPackage.toMlsMessage())).tlsSerialize()).toEqual(
        keyPackage.tlsSerialize(),
      );
    }
  });

  it("lives for 84 days from now, and an hour before, unless told otherwise", async () => {
    const client = await newClient(1);
    const lifetime = (await client.bundle()).keyPackage().lifeTime();
    expect([lifetime.notBefore, lifetime.notAfter]).toEqual([
      BigInt(CLIENT_NOW - 3600),
      BigInt(CLIENT_NOW + 7_257_600),
    ]);
    expect(lifetime.hasAcceptableRange()).toBe(true);
    const other = Lifetime.init(5n, 6n);
    const bundle = await client.bundle(KeyPackage.builder().keyPackageLifetime(other));
    expect(bundle.keyPackage().lifeTime()).toEqual(other);
  });

  it("never makes the same keys twice", async () => {
    const client = await newClient(1);
    const builder = KeyPackage.builder();
    const [a, b] = [(await client.bundle(builder)).keyPackage(), (await client.bundle(builder)).keyPackage()];
    const keys = [a, b].flatMap((kp) => [kp.hpkeInitKey().asSlice(), kp.leafNode().encryptionKey().asSlice()]);
    expect(new Set(keys.map(toHex)).size).toBe(4);
  });

  it.each(["extension", "component"] as const)("marks a last resort by its %s and lists it", async (encoding) => {
    const client = await newClient(1);
    const keyPackage = (await client.bundle(KeyPackage.builder().markAsLastResort(encoding))).keyPackage();
    expect(keyPackage.lastResort()).toBe(true);
    expect(keyPackage.extensions().types()).toEqual([encoding === "extension" ? 10 : 6]);
    expect((await validate(keyPackage)).ok).toBe(true);
  });

  it("keeps the other components of an app data dictionary that it marks", async () => {
    const data = new AppDataDictionary([
      { componentId: 9, data: Uint8Array.of(1) },
      { componentId: 3, data: Uint8Array.of(2) },
    ]).tlsSerialize();
    const extensions = unwrap(Extensions.single("KeyPackage", { extensionType: 6, data }));
    const client = await newClient(1);
    const builder = KeyPackage.builder().keyPackageExtensions(extensions).markAsLastResort("component");
    const keyPackage = (await client.bundle(builder)).keyPackage();
    const components = keyPackage.extensions().appDataDictionary()?.components();
    expect(components?.map(({ componentId }) => componentId)).toEqual([3, 4, 9]);
  });

  it("lists the extension types and the credential type that it uses, but no default type", async () => {
    const client = await newClient(5);
    const keyPackageExtensions = unwrap(
      Extensions.single("KeyPackage", { extensionType: 0xf001, data: new Uint8Array(0) }),
    );
    const leafExtensions = unwrap(
      Extensions.from("LeafNode", [
        { extensionType: 1, data: Uint8Array.of(2, 7, 7) },
        { extensionType: 0xf002, data: new Uint8Array(0) },
      ]),
    );
    const built = await KeyPackage.builder()
      .keyPackageExtensions(keyPackageExtensions)
      .leafNodeExtensions(leafExtensions)
      .leafNodeCapabilities(Capabilities.empty())
      .build(5, client.provider, client.signer, {
        credential: new Credential(0xf003, Uint8Array.of(1)),
        signatureKey: client.signer.publicKey(),
      });
    const leafNode = unwrap(built).keyPackage().leafNode();
    const capabilities = leafNode.capabilities();
    expect(capabilities.versions()).toEqual([1]);
    expect(capabilities.ciphersuites()).toEqual([5]);
    expect(capabilities.extensions()).toEqual([0xf001, 0xf002]);
    expect(capabilities.credentials()).toEqual([0xf003]);
    expect(leafNode.extensions().applicationId()).toEqual(Uint8Array.of(7, 7));
    expect((await validate(unwrap(built).keyPackage())).ok).toBe(true);
  });

  it("passes validation with GREASE in its capabilities", async () => {
    const client = await newClient(1);
    const capabilities = new Capabilities().withGrease(nobleCrypto.random);
    const keyPackage = (await client.bundle(KeyPackage.builder().leafNodeCapabilities(capabilities))).keyPackage();
    expect((await validate(keyPackage)).ok).toBe(true);
  });
});

describe("KeyPackageNewError", () => {
  it("CiphersuiteSignatureSchemeMismatch: the signer is of another scheme", async () => {
    const client = await newClient(1);
    const built = await KeyPackage.builder().build(2, client.provider, client.signer, client.credentialWithKey);
    expect(built).toMatchObject({
      ok: false,
      error: {
        code: "CiphersuiteSignatureSchemeMismatch",
        message: "The ciphersuite does not match the signature scheme.",
      },
    });
  });

  it("UnsupportedCiphersuite: the provider lacks the suite", async () => {
    const client = await newClient(1);
    const provider = { ...client.provider, crypto: { ...nobleCrypto, supports: () => false } };
    const built = await KeyPackage.builder().build(1, provider, client.signer, client.credentialWithKey);
    expect(built).toMatchObject({ error: { code: "UnsupportedCiphersuite", ciphersuite: 1 } });
  });

  it("StorageError: the bundle could not be written", async () => {
    const client = await newClient(1);
    const cause = new Error("disk full");
    const storage = { ...client.provider.storage, writeKeyPackage: () => Promise.reject(cause) };
    const provider = {
      ...client.provider,
      storage: { ...storage, readKeyPackage: async () => undefined, deleteKeyPackage: async () => {} },
    };
    const built = await KeyPackage.builder().build(1, provider, client.signer, client.credentialWithKey);
    expect(built).toMatchObject({ error: { code: "StorageError", message: "Accessing storage failed.", cause } });
  });

  it("SignatureError: the signer fails, or signs with another key than the credential's", async () => {
    const client = await newClient(1);
    const refusing = { signatureScheme: SignatureScheme.ed25519, sign: () => Promise.reject(new Error("locked")) };
    const stranger = await SignatureKeyPair.generate(nobleCrypto, SignatureScheme.ed25519);
    for (const signer of [refusing, stranger]) {
      const built = await KeyPackage.builder().build(1, client.provider, signer, client.credentialWithKey);
      expect(built).toMatchObject({ error: { code: "SignatureError" } });
    }
  });

  it("LibraryError: the crypto provider fails", async () => {
    const client = await newClient(1);
    const crypto = { ...nobleCrypto, deriveKeyPair: () => Promise.reject(new Error("broken")) };
    const provider = { ...client.provider, crypto };
    const built = await KeyPackage.builder().build(1, provider, client.signer, client.credentialWithKey);
    expect(built).toMatchObject({ error: { code: "LibraryError" } });
  });
});

describe("KeyPackageBundle", () => {
  it("is found in the storage by its reference until it is deleted", async () => {
    const client = await newClient(1);
    const bundle = await client.bundle();
    const { storage } = client.provider;
    const ref = await bundle.keyPackage().hashRef(nobleCrypto);
    expect(await storage.readKeyPackage(ref)).toBe(bundle);
    await storage.deleteKeyPackage(ref);
    expect(await storage.readKeyPackage(ref)).toBeUndefined();
  });

  it("comes back whole from its serialised form, and from no other", async () => {
    for (const ciphersuite of CIPHERSUITES) {
      const bundle = await (await newClient(ciphersuite)).bundle(KeyPackage.builder().markAsLastResort());
      const bytes = serializeKeyPackageBundle(bundle);
      const again = unwrap(deserializeKeyPackageBundle(bytes));
      expect(again.keyPackage().tlsSerialize()).toEqual(bundle.keyPackage().tlsSerialize());
      expect(again.keyPackage().lastResort()).toBe(true);
      expect(again.initPrivateKey().asSlice()).toEqual(bundle.initPrivateKey().asSlice());
      expect(again.encryptionPrivateKey().asSlice()).toEqual(bundle.encryptionPrivateKey().asSlice());
      expect(deserializeKeyPackageBundle(Uint8Array.of(2, ...bytes.subarray(1))).ok).toBe(false);
      expect(deserializeKeyPackageBundle(bytes.subarray(0, -1)).ok).toBe(false);
      expect(deserializeKeyPackageBundle(Uint8Array.of(...bytes, 0)).ok).toBe(false);
    }
  });

  it("shows no secret in text, JSON, inspection or errors", async () => {
    const client = await newClient(1);
    const bundle = await client.bundle();
    const secrets = [bundle.initPrivateKey(), bundle.encryptionPrivateKey()].map((key) => key.asSlice());
    const shown = [bundle, bundle.initPrivateKey(), client.signer, new HpkePrivateKey(Uint8Array.of(1))]
      .flatMap((value) => [String(value), JSON.stringify(value), inspect(value, { depth: 9, showHidden: true })])
      .join("\n");
    for (const secret of [...secrets, client.signer.privateKey()]) {
      expect(shown).not.toContain(toHex(secret));
      expect(shown).not.toContain([...secret].join(","));
      expect(shown).not.toContain([...secret].join(", "));
    }
    const failed = await KeyPackage.builder().build(
      1,
      client.provider,
      await SignatureKeyPair.generate(nobleCrypto, SignatureScheme.ed25519),
      client.credentialWithKey,
    );
    expect(JSON.stringify(failed)).not.toContain(toHex(client.signer.privateKey()));
  });
});

describe("KeyPackageRef", () => {
  it("is shown as OpenMLS shows it", async () => {
    const ref = await (await (await newClient(1)).bundle()).keyPackage().hashRef(nobleCrypto);
    expect(String(ref)).toMatch(/^HashReference: [0-9A-F]{64}$/);
    expect(ref.equals(ref)).toBe(true);
  });
});

describe("Capabilities", () => {
  it("have OpenMLS's defaults, and what the builder is given", () => {
    const capabilities = Capabilities.builder().extensions([0xf000]).proposals([8]).credentials([2]).build();
    expect([capabilities.versions(), capabilities.ciphersuites()]).toEqual([[1], [1, 2, 3]]);
    expect(capabilities.extensions()).toEqual([0xf000]);
    const lists = Capabilities.builder().versions([2]).ciphersuites([7]).build();
    expect([lists.versions(), lists.ciphersuites(), lists.credentials()]).toEqual([[2], [7], [1]]);
    expect(Capabilities.forProvider(nobleCrypto).ciphersuites()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it("get one GREASE value in every list but the versions, and never a second", () => {
    for (let byte = 0; byte < 256; byte++) {
      const greased = new Capabilities().withGrease(() => Uint8Array.of(byte));
      const lists = [greased.ciphersuites(), greased.extensions(), greased.proposals(), greased.credentials()];
      expect(lists.map((list) => list.filter(isGrease).length)).toEqual([1, 1, 1, 1]);
      expect(greased.versions()).toEqual([1]);
      expect(greased.withGrease(() => Uint8Array.of(byte + 1)).extensions()).toEqual(greased.extensions());
    }
  });
});

describe("GREASE", () => {
  it("is fifteen values, of which 0xFAFA is none", () => {
    const values = Array.from({ length: 0x10000 }, (_, value) => value).filter(isGrease);
    expect(values).toEqual(Array.from({ length: 15 }, (_, i) => 0x0a0a + 0x1010 * i));
  });
});

describe("Extensions", () => {
  const extension = { extensionType: 0xf000, data: Uint8Array.of(1) };

  it("hold one of a type, in order, and are never changed in place", () => {
    const empty = Extensions.empty("LeafNode");
    const one = unwrap(empty.add(extension));
    expect([empty.size, one.size]).toEqual([0, 1]);
    expect(one.add(extension)).toMatchObject({ error: { code: "Duplicate", extensionType: 0xf000 } });
    const replaced = unwrap(one.addOrReplace({ extensionType: 0xf000, data: Uint8Array.of(2) }));
    expect([replaced.get(0xf000), one.get(0xf000)]).toEqual([Uint8Array.of(2), Uint8Array.of(1)]);
    expect(unwrap(one.remove(0xf000)).contains(0xf000)).toBe(false);
    expect(empty.remove(0xf000)).toMatchObject({ error: { code: "NotFound" } });
  });

  it("refuse a type that may not stand there, or data that is not its struct", () => {
    const applicationId = { extensionType: 1, data: Uint8Array.of(1, 7) };
    const lastResort = { extensionType: 10, data: new Uint8Array(0) };
    expect(Extensions.single("KeyPackage", applicationId)).toMatchObject({
      error: { code: "ExtensionTypeNotValidInKeyPackage" },
    });
    expect(Extensions.single("LeafNode", lastResort)).toMatchObject({
      error: { code: "ExtensionTypeNotValidInLeafNode" },
    });
    const broken = { extensionType: 10, data: Uint8Array.of(1) };
    expect(Extensions.single("KeyPackage", broken)).toMatchObject({ error: { code: "InvalidExtensionData" } });
    for (const extensionType of [2, 3, 4, 5]) {
      expect(Extensions.single("LeafNode", { extensionType, data: new Uint8Array(0) }).ok).toBe(false);
    }
  });
});

describe("Lifetime", () => {
  it("has an acceptable range up to the maximum, and none when it is reversed", () => {
    expect(Lifetime.init(0n, 7_261_200n).hasAcceptableRange()).toBe(true);
    expect(Lifetime.init(0n, 7_261_201n).hasAcceptableRange()).toBe(false);
    expect(Lifetime.init(5n, 4n).hasAcceptableRange()).toBe(false);
    expect(Lifetime.init(0n, 10n).hasAcceptableRange(9n)).toBe(false);
  });

  it("is clamped to a uint64 and refuses what is none", () => {
    expect(Lifetime.new(10n, 100).notBefore).toBe(0n);
    expect(Lifetime.new(2n ** 64n, 0).notAfter).toBe(2n ** 64n - 1n);
    expect(() => Lifetime.init(-1n, 0n)).toThrow(RangeError);
    expect(Lifetime.init(0n, 10n).isValid(9)).toBe(true);
    expect(Lifetime.init(0n, 10n).isValid(10)).toBe(false);
  });
});
