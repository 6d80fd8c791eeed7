import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { Reader } from "../../../src/mls/codec/reader.ts";
import { Writer } from "../../../src/mls/codec/writer.ts";
import {
  AppDataDictionary,
  Capabilities,
  Credential,
  Extensions,
  ExtensionType,
  HpkePublicKey,
  KeyPackageIn,
  LeafNode,
  Lifetime,
  nobleCrypto,
  SignaturePublicKey,
  splitMlsMessages,
  X509Credential,
} from "../../../src/mls/index.ts";
import { FORGED_NOW, forge } from "../../support/forge.ts";
import { MUTATION_KINDS, mutate } from "../support/mutate.ts";
import { reencode } from "../support/reencode.ts";

const u16 = fc.integer({ min: 0, max: 0xffff });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const opaque = fc.uint8Array({ maxLength: 100 });
const u16s = fc.array(u16, { maxLength: 40 });
const capabilities = fc
  .record({ versions: u16s, ciphersuites: u16s, extensions: u16s, proposals: u16s, credentials: u16s })
  .map((lists) => new Capabilities(lists));
const credential = fc.tuple(u16, opaque).map(([type, content]) => new Credential(type, content));
const lifetime = fc.tuple(u64, u64).map(([notBefore, notAfter]) => Lifetime.init(notBefore, notAfter));
const source = fc.oneof(
  lifetime.map((value) => ({ kind: "key_package" as const, lifetime: value })),
  fc.constant({ kind: "update" as const }),
  opaque.map((parentHash) => ({ kind: "commit" as const, parentHash })),
);
const extensions = <P extends "KeyPackage" | "LeafNode">(placement: P) =>
  fc
    .uniqueArray(fc.record({ extensionType: fc.integer({ min: 0xf000, max: 0xffff }), data: opaque }), {
      selector: ({ extensionType }) => extensionType,
      maxLength: 8,
    })
    .map((list) => {
      const made = Extensions.from(placement, list);
      if (!made.ok) throw new Error(made.error.message);
      return made.value;
    });
const leafNode = fc
  .record({
    encryptionKey: opaque.map((bytes) => new HpkePublicKey(bytes)),
    signatureKey: opaque.map((bytes) => new SignaturePublicKey(bytes)),
    credential,
    capabilities,
    source,
    extensions: extensions("LeafNode"),
    signature: opaque,
  })
  .map(({ signature, ...fields }) => LeafNode.signed(fields, signature));
const mutations = fc.array(
  fc.record({ kind: fc.constantFrom(...MUTATION_KINDS), at: fc.nat(5000), value: fc.nat(5000) }),
  { minLength: 1, maxLength: 4 },
);

type Codec = { encode(writer: Writer): void };

/** Encodes, decodes all of it, and encodes again. */
function expectRoundTrip(value: Codec, decode: (reader: Reader) => Codec): void {
  const bytes = encoded(value);
  const reader = Reader.over(bytes);
  const decoded = decode(reader);
  reader.expectEnd();
  expect(reader.failure).toBeUndefined();
  expect(encoded(decoded)).toEqual(bytes);
}

function encoded(value: Codec): Uint8Array {
  const writer = new Writer();
  value.encode(writer);
  return writer.finish();
}

describe("every struct comes back from its encoding", () => {
  it.each([
    ["Capabilities", capabilities, Capabilities.decode],
    ["Credential", credential, Credential.decode],
    ["Lifetime", lifetime, Lifetime.decode],
    ["LeafNode", leafNode, LeafNode.decode],
    ["Extensions of a leaf", extensions("LeafNode"), (reader: Reader) => Extensions.decode(reader, "LeafNode")],
    ["Extensions of a package", extensions("KeyPackage"), (reader: Reader) => Extensions.decode(reader, "Received")],
  ] as const)("%s", (_, arbitrary, decode) => {
    fc.assert(fc.property(arbitrary as fc.Arbitrary<Codec>, (value) => expectRoundTrip(value, decode)));
  });

  it("AppDataDictionary", () => {
    const components = fc.uniqueArray(fc.record({ componentId: u16, data: opaque }), {
      selector: ({ componentId }) => componentId,
      maxLength: 10,
    });
    fc.assert(
      fc.property(components, (list) => {
        const bytes = new AppDataDictionary(list).tlsSerialize();
        expect(AppDataDictionary.fromExtensionData(bytes)?.tlsSerialize()).toEqual(bytes);
      }),
    );
  });

  it("X509Credential", () => {
    fc.assert(
      fc.property(fc.array(opaque, { minLength: 1, maxLength: 5 }), (chain) => {
        const decoded = X509Credential.fromCredential(new X509Credential(chain).toCredential());
        expect(decoded.ok && decoded.value.certificates()).toEqual(chain);
      }),
    );
  });

  it("KeyPackage", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          credential: opaque,
          versions: u16s,
          proposals: u16s,
          notBefore: u64,
          notAfter: u64,
          initKey: opaque,
        }),
        async (change) => {
          const bytes = forge(change);
          const decoded = KeyPackageIn.tlsDeserializeExact(bytes);
          expect(decoded.ok && reencode(decoded.value)).toEqual(bytes);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe("any bytes", () => {
  it("are decoded or refused, never thrown at, and what is decoded has one encoding", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const decoded = KeyPackageIn.fromBytes(bytes);
        if (decoded.ok) expect(reencode(decoded.value)).toEqual(decoded.value.tlsSerialize());
        expect(typeof splitMlsMessages(bytes).ok).toBe("boolean");
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a mutation of a valid package", () => {
  let originals: Uint8Array[];

  beforeAll(async () => {
    const data = new Uint8Array(0);
    const marked = { extensions: [10, 0xf000], keyPackageExtensions: [{ extensionType: 10, data }] };
    const leafExtensions = [{ extensionType: 0xf000, data: Uint8Array.of(1, 2, 3) }];
    originals = [forge(), forge({ ...marked, leafExtensions }), forge({ ciphersuite: 2, ...marked })];
  });

  it("is accepted only if its bytes are canonical and its signatures hold", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(2), mutations, async (which, steps) => {
        const original = originals[which] ?? new Uint8Array(0);
        const mutated = steps.reduce(mutate, original);
        const decoded = KeyPackageIn.tlsDeserializeExact(mutated);
        if (!decoded.ok) return;
        expect(reencode(decoded.value)).toEqual(mutated);
        const validated = await decoded.value.validate(nobleCrypto, 1, { now: FORGED_NOW });
        // No signature of these schemes can be changed into another one that verifies without its key or its twin.
        expect(validated.ok).toBe(Buffer.compare(mutated, original) === 0);
      }),
      { numRuns: 300 },
    );
  });

  it("in any single bit is refused", async () => {
    const original = originals[0] ?? new Uint8Array(0);
    // Each byte once, with a bit that moves along: 8 times as many would take 8 times as long and find no more.
    for (let at = 0; at < original.length; at++) {
      const decoded = KeyPackageIn.tlsDeserializeExact(mutate(original, { kind: "flip", at, value: at }));
      const accepted = decoded.ok && (await decoded.value.validate(nobleCrypto, 1, { now: FORGED_NOW })).ok;
      expect(accepted, `byte ${at}`).toBe(false);
    }
  });
});

describe("the unknown extension range of the generators", () => {
  it("holds no type that the library knows", () => {
    expect(Object.values(ExtensionType).every((type) => type < 0xf000)).toBe(true);
  });
});
