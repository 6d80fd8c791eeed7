import { describe, expect, it } from "vitest";
import { Credential, encodeMlsMessage, KeyPackageIn, nobleCrypto, splitMlsMessages } from "../../../src/mls/index.ts";
import { FORGED_NOW, type Forgery, forge } from "../../support/forge.ts";

const bytes = (...values: number[]) => Uint8Array.of(...values);

async function verdict(change: Partial<Forgery>, now = FORGED_NOW): Promise<string> {
  const decoded = KeyPackageIn.tlsDeserializeExact(forge(change));
  if (!decoded.ok) return decoded.error.code;
  const validated = await decoded.value.validate(nobleCrypto, 1, { now });
  if (validated.ok) return "valid";
  return validated.error.code === "LifetimeError" ? validated.error.lifetime.code : validated.error.code;
}

/** One defect for each check, in the order in which OpenMLS makes the checks. */
const DEFECTS: readonly (readonly [string, Partial<Forgery>])[] = [
  ["InvalidLeafNodeSourceType", { source: 2 }],
  ["InvalidLeafNodeSignature", { breakLeafSignature: true }],
  ["InvalidProtocolVersion", { version: 2 }],
  ["InitKeyEqualsEncryptionKey", { initKey: new Uint8Array(32).fill(9), encryptionKey: new Uint8Array(32).fill(9) }],
  [
    "ExtensionTypeNotValidInKeyPackage",
    {
      keyPackageExtensions: [
        { extensionType: 1, data: bytes(0) },
        { extensionType: 0xf000, data: bytes() },
      ],
    },
  ],
  ["InvalidSignature", { breakSignature: true }],
  ["UnsupportedExtension", { keyPackageExtensions: [{ extensionType: 0xf000, data: bytes() }] }],
  ["Expired", { notAfter: BigInt(FORGED_NOW) }],
];

describe("KeyPackageIn.validate", () => {
  it("takes a package without a defect, of every ciphersuite", async () => {
    for (const ciphersuite of [1, 2, 3, 4, 5, 6, 7] as const) expect(await verdict({ ciphersuite })).toBe("valid");
  });

  for (const [i, [code, defect]] of DEFECTS.entries()) {
    it(`says ${code} whatever is wrong later in OpenMLS's order`, async () => {
      expect(await verdict(defect)).toBe(code);
      const later = Object.assign({}, ...DEFECTS.slice(i + 1).map(([, change]) => change));
      expect(await verdict({ ...later, ...defect })).toBe(code);
    });
  }

  it("counts the last second of a lifetime as expired and the first as valid", async () => {
    const lifetime = { notBefore: 100n, notAfter: 200n };
    expect(await verdict(lifetime, 99)).toBe("NotValidYet");
    expect(await verdict(lifetime, 100)).toBe("valid");
    expect(await verdict(lifetime, 199)).toBe("valid");
    expect(await verdict(lifetime, 200)).toBe("Expired");
  });

  it("compares lifetimes over the whole range of a uint64", async () => {
    expect(await verdict({ notBefore: 0n, notAfter: 2n ** 64n - 1n })).toBe("valid");
    expect(await verdict({ notBefore: 2n ** 63n, notAfter: 2n ** 64n - 1n })).toBe("NotValidYet");
  });
});

describe("decoding a KeyPackage", () => {
  const code = async (change: Partial<Forgery>) => {
    const decoded = KeyPackageIn.tlsDeserializeExact(forge(change));
    return decoded.ok ? "decoded" : decoded.error.code;
  };

  it("takes unknown values where receivers must ignore them", async () => {
    const change = { credentialType: 0xf001, versions: [1, 7], ciphersuites: [1, 0xf001], proposals: [0x0a0a] };
    expect(
      await code({ ...change, extensions: [0xfafa], leafExtensions: [{ extensionType: 0xfafa, data: bytes(1) }] }),
    ).toBe("decoded");
  });

  it("refuses duplicate extensions and those that may not stand in a leaf", async () => {
    const mark = { extensionType: 10, data: bytes() };
    expect(await code({ keyPackageExtensions: [mark, mark] })).toBe("DecodingError");
    expect(await code({ leafExtensions: [mark] })).toBe("DecodingError");
    for (const extensionType of [2, 3, 4, 5]) {
      const data = extensionType === 3 ? bytes(0, 0, 0) : bytes(0);
      expect(await code({ leafExtensions: [{ extensionType, data }] })).toBe("DecodingError");
    }
  });

  it("refuses a ratchet tree for its place, whatever it holds", async () => {
    const tree = { extensionType: 2, data: bytes(9, 9, 9) };
    expect(await code({ keyPackageExtensions: [tree] })).toBe("decoded");
    const decoded = KeyPackageIn.tlsDeserializeExact(forge({ keyPackageExtensions: [tree] }));
    const valid = decoded.ok && (await decoded.value.validate(nobleCrypto, 1, { now: FORGED_NOW }));
    expect(valid).toMatchObject({ error: { code: "ExtensionTypeNotValidInKeyPackage", extensionType: 2 } });
  });

  it.each([
    ["a last resort with data", 10, bytes(1)],
    ["an application id with a byte after it", 1, bytes(1, 7, 7)],
    ["required capabilities with an odd list", 3, bytes(1, 0, 0, 0)],
    ["external senders that end early", 5, bytes(3, 1, 1, 0)],
    ["an app data dictionary that is not sorted", 6, bytes(6, 0, 5, 0, 0, 4, 0)],
    ["an app data dictionary with one id twice", 6, bytes(6, 0, 5, 0, 0, 5, 0)],
  ])("refuses %s", async (_, extensionType, data) => {
    expect(await code({ keyPackageExtensions: [{ extensionType, data }] })).not.toBe("decoded");
  });

  it("knows both encodings of a last resort, and no other component for one", async () => {
    const lastResort = async (extensionType: number, data: Uint8Array) => {
      const decoded = KeyPackageIn.tlsDeserializeExact(forge({ keyPackageExtensions: [{ extensionType, data }] }));
      return decoded.ok && decoded.value.unverified().extensions.lastResort();
    };
    expect(await lastResort(10, bytes())).toBe(true);
    expect(await lastResort(6, bytes(3, 0, 4, 0))).toBe(true);
    expect(await lastResort(6, bytes(7, 0, 3, 1, 9, 0, 5, 0))).toBe(false);
  });

  it("decodes a last resort component with data, which is the directory's to refuse", async () => {
    const extension = { extensionType: 6, data: bytes(4, 0, 4, 1, 9) };
    expect(await code({ keyPackageExtensions: [extension] })).toBe("decoded");
    expect(await code({ leafExtensions: [extension] })).toBe("decoded");
  });

  it("names an unknown ciphersuite only where nothing is malformed", async () => {
    const good = forge();
    const unknown = good.slice();
    unknown[2] = 0xf0;
    expect(KeyPackageIn.tlsDeserializeExact(unknown)).toMatchObject({
      ok: false,
      error: { code: "UnknownCiphersuite", ciphersuite: 0xf001 },
    });
    expect(KeyPackageIn.tlsDeserializeExact(unknown.subarray(0, -1))).toMatchObject({ error: { code: "EndOfStream" } });
  });

  it("refuses a byte after the package, and hands it back where more may follow", async () => {
    const one = forge();
    const more = Uint8Array.of(...one, 1, 2);
    expect(KeyPackageIn.tlsDeserializeExact(more)).toMatchObject({ error: { code: "TrailingData" } });
    const decoded = KeyPackageIn.tlsDeserialize(more);
    expect(decoded.ok && decoded.value.rest).toEqual(bytes(1, 2));
    expect(decoded.ok && decoded.value.value.tlsSerialize()).toEqual(one);
  });

  it("refuses every package that is cut short", async () => {
    const one = forge({ leafExtensions: [{ extensionType: 1, data: bytes(1, 7) }] });
    for (let length = 0; length < one.length; length++) {
      expect(KeyPackageIn.fromBytes(one.subarray(0, length)).ok, `${length} bytes`).toBe(false);
    }
  });

  it("takes an MLSMessage whose version is the package's, and no other", async () => {
    const message = encodeMlsMessage(forge());
    expect(KeyPackageIn.fromBytes(message).ok).toBe(true);
    message[1] = 2;
    expect(KeyPackageIn.fromBytes(message)).toMatchObject({
      error: { message: "KeyPackage protocol version does not match MlsMessage version." },
    });
  });
});

describe("splitMlsMessages", () => {
  it("cuts at the messages' ends, whatever is wrong inside them", async () => {
    const messages = [
      forge(),
      forge({ keyPackageExtensions: [{ extensionType: 10, data: bytes(1) }], source: 3 }),
      forge({ ciphersuite: 2, source: 2 }),
    ].map(encodeMlsMessage);
    const split = splitMlsMessages(Uint8Array.from(messages.flatMap((message) => [...message])));
    expect(split).toEqual({ ok: true, value: messages });
  });

  it("says which message has no end", async () => {
    const message = encodeMlsMessage(forge());
    const body = Uint8Array.of(...message, ...message.subarray(0, 50));
    expect(splitMlsMessages(body)).toMatchObject({ ok: false, error: { code: "EndOfStream", index: 1 } });
    expect(splitMlsMessages(new Uint8Array(0))).toEqual({ ok: true, value: [] });
    expect(splitMlsMessages(bytes(0, 1, 0, 2, 0, 1))).toMatchObject({ error: { code: "UnknownValue", index: 0 } });
  });
});

describe("unverifiedCredential", () => {
  it("gives what the package claims before anything is verified", async () => {
    const decoded = KeyPackageIn.fromBytes(forge({ breakLeafSignature: true }));
    const expected = new Credential(1, new TextEncoder().encode("alice"));
    expect(decoded.ok && decoded.value.unverifiedCredential().credential.equals(expected)).toBe(true);
  });
});
