import { ed448, x448 } from "@noble/curves/ed448.js";
import { ED25519_TORSION_SUBGROUP, ed25519, x25519 } from "@noble/curves/ed25519.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { describe, expect, it } from "vitest";
import {
  CIPHERSUITES,
  ciphersuiteInfo,
  hpkePublicKeyDefect,
  nobleCrypto,
  SignatureScheme,
  signaturePublicKeyDefect,
} from "../../../src/mls/index.ts";
import { fromHex } from "../support/vectors.ts";

const littleEndian = (value: bigint, length: number) =>
  Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));

const EC = [
  { curve: p256, suite: 2, scheme: SignatureScheme.ecdsa_secp256r1_sha256 },
  { curve: p384, suite: 7, scheme: SignatureScheme.ecdsa_secp384r1_sha384 },
  { curve: p521, suite: 5, scheme: SignatureScheme.ecdsa_secp521r1_sha512 },
] as const;

describe("a public key", () => {
  it("is sound when the library made it, in every suite", async () => {
    for (const suite of CIPHERSUITES) {
      const { signatureScheme, hashBytes } = ciphersuiteInfo(suite);
      for (let round = 0; round < 5; round++) {
        const hpke = await nobleCrypto.deriveKeyPair(suite, nobleCrypto.random(hashBytes));
        expect(hpkePublicKeyDefect(suite, hpke.publicKey)).toBeUndefined();
        const signature = await nobleCrypto.generateSignatureKeyPair(signatureScheme);
        expect(signaturePublicKeyDefect(signatureScheme, signature.publicKey)).toBeUndefined();
      }
    }
  });

  it("is not changed by the check when it is a Buffer of Node, of which slice gives no copy", () => {
    for (const suite of CIPHERSUITES) {
      const { kemPublicKeyBytes, signaturePublicKeyBytes, signatureScheme } = ciphersuiteInfo(suite);
      const [hpke, signature] = [Buffer.alloc(kemPublicKeyBytes, 0xff), Buffer.alloc(signaturePublicKeyBytes, 0xff)];
      hpkePublicKeyDefect(suite, hpke);
      signaturePublicKeyDefect(signatureScheme, signature);
      expect([...hpke, ...signature].every((byte) => byte === 0xff)).toBe(true);
    }
  });

  it("of another length is refused in every suite", () => {
    for (const suite of CIPHERSUITES) {
      const { kemPublicKeyBytes, signaturePublicKeyBytes, signatureScheme } = ciphersuiteInfo(suite);
      for (const change of [-1, 1, -kemPublicKeyBytes]) {
        expect(hpkePublicKeyDefect(suite, new Uint8Array(kemPublicKeyBytes + change).fill(9))).toBe("wrong length");
      }
      const long = new Uint8Array(signaturePublicKeyBytes + 1).fill(9);
      expect(signaturePublicKeyDefect(signatureScheme, long)).toBe("wrong length");
    }
  });
});

describe("an X25519 or X448 key of small order", () => {
  const P25519 = 2n ** 255n - 19n;
  const P448 = 2n ** 448n - 2n ** 224n - 1n;
  const order8 = [
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  ].map(fromHex);
  const small25519 = [...[0n, 1n, P25519 - 1n, P25519, P25519 + 1n].map((u) => littleEndian(u, 32)), ...order8].flatMap(
    (key) => [key, Uint8Array.from(key, (byte, i) => (i === 31 ? byte | 0x80 : byte))],
  );

  it("is refused in every encoding, with the unused bit set too, and noble agrees", () => {
    const { secretKey } = x25519.keygen();
    for (const key of small25519) {
      expect(hpkePublicKeyDefect(1, key)).toBe("small order");
      expect(() => x25519.getSharedSecret(secretKey, key)).toThrow();
    }
    const other = x448.keygen().secretKey;
    for (const u of [0n, 1n, P448 - 1n, P448, P448 + 1n]) {
      expect(hpkePublicKeyDefect(4, littleEndian(u, 56))).toBe("small order");
      expect(() => x448.getSharedSecret(other, littleEndian(u, 56))).toThrow();
    }
  });
});

describe("a key on a NIST curve", () => {
  it.each(EC)("is refused compressed, in hybrid form, off the curve, or beyond the field (suite $suite)", (entry) => {
    const { curve, suite, scheme } = entry;
    const { secretKey } = curve.keygen();
    const key = curve.getPublicKey(secretKey, false);
    const off = key.slice();
    off[off.length - 1] = (off[off.length - 1] ?? 0) ^ 1;
    const hybrid = key.slice();
    hybrid[0] = 6;
    const large = Uint8Array.from(key, (byte, i) => (i === 0 ? byte : 0xff));
    const origin = Uint8Array.from(key, (byte, i) => (i === 0 ? byte : 0));
    for (const defect of [
      (bytes: Uint8Array) => hpkePublicKeyDefect(suite, bytes),
      (bytes: Uint8Array) => signaturePublicKeyDefect(scheme, bytes),
    ]) {
      expect(defect(curve.getPublicKey(secretKey, true))).toBe("compressed point");
      expect(defect(off)).toBe("not on the curve");
      expect(defect(origin)).toBe("not on the curve");
      expect(defect(hybrid)).toBe("not canonical");
      expect(defect(large)).toBe("not canonical");
      expect(defect(Uint8Array.of(0))).toBe("wrong length");
    }
  });
});

describe("an EdDSA key", () => {
  const P = 2n ** 255n - 19n;

  it("of small order is refused, whatever its sign", () => {
    for (const hex of ED25519_TORSION_SUBGROUP) {
      for (const sign of [0, 0x80]) {
        const key = Uint8Array.from(fromHex(hex), (byte, i) => (i === 31 ? (byte & 0x7f) | sign : byte));
        expect(signaturePublicKeyDefect(SignatureScheme.ed25519, key)).toBe("small order");
      }
    }
    for (const y of [0n, 1n, 2n ** 448n - 2n ** 224n - 2n]) {
      expect(signaturePublicKeyDefect(SignatureScheme.ed448, littleEndian(y, 57))).toBe("small order");
    }
  });

  it("is refused when y is not below p", () => {
    for (const y of [P, P + 1n, P + 3n, 2n ** 255n - 1n]) {
      expect(signaturePublicKeyDefect(SignatureScheme.ed25519, littleEndian(y, 32))).toBe("not canonical");
    }
    const stray = littleEndian(5n, 57);
    stray[56] = 1;
    expect(signaturePublicKeyDefect(SignatureScheme.ed448, stray)).toBe("not canonical");
  });

  it("is on the curve exactly where noble can decode it", () => {
    for (let y = 2n; y < 60n; y++) {
      for (const [scheme, curve, length] of [
        [SignatureScheme.ed25519, ed25519, 32],
        [SignatureScheme.ed448, ed448, 57],
      ] as const) {
        const key = littleEndian(y, length);
        expect(signaturePublicKeyDefect(scheme, key) === undefined, `y = ${y}`).toBe(curve.utils.isValidPublicKey(key));
      }
    }
  });
});
