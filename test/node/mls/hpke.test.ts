/** HPKE (RFC 9180) by another implementation: what it seals to our init keys, our private keys open. */
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import {
  Aes128Gcm,
  Aes256Gcm,
  CipherSuite,
  DhkemP256HkdfSha256,
  DhkemP384HkdfSha384,
  DhkemP521HkdfSha512,
  DhkemX25519HkdfSha256,
  HkdfSha256,
  HkdfSha384,
  HkdfSha512,
} from "@hpke/core";
import { DhkemX448HkdfSha512 } from "@hpke/dhkem-x448";
import { type CiphersuiteName, getCiphersuiteFromName, getCiphersuiteImpl } from "ts-mls";
import { decryptWithLabel, encryptWithLabel } from "ts-mls/crypto/hpke.js";
import { describe, expect, it } from "vitest";
import { open, seal } from "../../../src/mls/hpke/index.ts";
import {
  Aead,
  CIPHERSUITES,
  type Ciphersuite,
  ciphersuiteInfo,
  InitKey,
  Kem,
  makeCiphersuite,
  nobleCrypto,
  SignatureScheme,
} from "../../../src/mls/index.ts";
import { postQuantumCrypto } from "../../../src/mls/post-quantum/index.ts";
import { newClient } from "../support/client.ts";

function hpkeOf(ciphersuite: Ciphersuite): CipherSuite {
  switch (ciphersuite) {
    case 1:
      return new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes128Gcm() });
    case 2:
      return new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes128Gcm() });
    case 3:
      return new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Chacha20Poly1305() });
    case 4:
      return new CipherSuite({ kem: new DhkemX448HkdfSha512(), kdf: new HkdfSha512(), aead: new Aes256Gcm() });
    case 5:
      return new CipherSuite({ kem: new DhkemP521HkdfSha512(), kdf: new HkdfSha512(), aead: new Aes256Gcm() });
    case 6:
      return new CipherSuite({ kem: new DhkemX448HkdfSha512(), kdf: new HkdfSha512(), aead: new Chacha20Poly1305() });
    case 7:
      return new CipherSuite({ kem: new DhkemP384HkdfSha384(), kdf: new HkdfSha384(), aead: new Aes256Gcm() });
  }
}

const buffer = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;

describe.each([...CIPHERSUITES])("ciphersuite %d", (ciphersuite) => {
  const hpke = hpkeOf(ciphersuite);
  const secret = new TextEncoder().encode("welcome").buffer as ArrayBuffer;

  it("opens with both private keys of a bundle what was sealed to their public keys", async () => {
    const bundle = await (await newClient(ciphersuite)).bundle();
    const keyPackage = bundle.keyPackage();
    for (const [publicKey, privateKey] of [
      [keyPackage.hpkeInitKey().key(), bundle.initPrivateKey()],
      [keyPackage.leafNode().encryptionKey(), bundle.encryptionPrivateKey()],
    ] as const) {
      const recipientPublicKey = await hpke.kem.deserializePublicKey(buffer(publicKey.asSlice()));
      const { ct, enc } = await hpke.seal({ recipientPublicKey }, secret);
      const recipientKey = await hpke.kem.deserializePrivateKey(buffer(privateKey.asSlice()));
      expect(await hpke.open({ recipientKey, enc }, ct)).toEqual(secret);
    }
  });

  it("derives the key pair that RFC 9180 prescribes", async () => {
    for (let round = 0; round < 3; round++) {
      const ikm = nobleCrypto.random(ciphersuiteInfo(ciphersuite).hashBytes);
      const ours = await nobleCrypto.deriveKeyPair(ciphersuite, ikm);
      const theirs = await hpke.kem.deriveKeyPair(buffer(ikm));
      expect(new Uint8Array(await hpke.kem.serializePublicKey(theirs.publicKey))).toEqual(ours.publicKey);
      expect(new Uint8Array(await hpke.kem.serializePrivateKey(theirs.privateKey))).toEqual(ours.privateKey);
    }
  });
});

const text = (value: string) => new TextEncoder().encode(value);
const WELCOME = { label: "Welcome", context: text("encrypted group info") };

const tsMlsHpke = async (ciphersuite: Ciphersuite) =>
  (await getCiphersuiteImpl(getCiphersuiteFromName(ciphersuiteInfo(ciphersuite).name as CiphersuiteName))).hpke;

async function bundleOf(ciphersuite: Ciphersuite) {
  return (await newClient(ciphersuite)).bundle();
}

describe.each([...CIPHERSUITES])("sealing to an init key of ciphersuite %d", (ciphersuite) => {
  it("gives what the bundle opens, and ts-mls too, and opens what ts-mls sealed", async () => {
    const bundle = await bundleOf(ciphersuite);
    const keyPackage = bundle.keyPackage();
    const plaintext = text("group secrets");
    const sealed = await seal(keyPackage, { ...WELCOME, plaintext });
    if (!sealed.ok) throw new Error(sealed.error.message);
    expect(await open(bundle, { ...WELCOME, sealed: sealed.value })).toEqual({ ok: true, value: plaintext });

    const theirs = await tsMlsHpke(ciphersuite);
    const privateKey = await theirs.importPrivateKey(bundle.initPrivateKey().asSlice());
    const { kemOutput, ciphertext } = sealed.value;
    const { label, context } = WELCOME;
    expect(await decryptWithLabel(privateKey, label, context, kemOutput, ciphertext, theirs)).toEqual(plaintext);

    const publicKey = await theirs.importPublicKey(keyPackage.hpkeInitKey().asSlice());
    const { ct, enc } = await encryptWithLabel(publicKey, label, context, plaintext, theirs);
    const opened = await open(bundle, { ...WELCOME, sealed: { kemOutput: enc, ciphertext: ct } });
    expect(opened).toEqual({ ok: true, value: plaintext });
  });

  it("binds key, label, context and ciphertext: what differs in one of them does not open", async () => {
    const bundle = await bundleOf(ciphersuite);
    const sealed = await seal(bundle.keyPackage(), { ...WELCOME, plaintext: text("group secrets") });
    if (!sealed.ok) throw new Error(sealed.error.message);
    const { value } = sealed;
    const changed = { ...value, ciphertext: value.ciphertext.map((byte, at) => (at === 0 ? byte ^ 1 : byte)) };
    const short = { ...value, kemOutput: value.kemOutput.subarray(1) };
    const wrong = { ok: false, error: { code: "OpenError" } };
    expect(await open(await bundleOf(ciphersuite), { ...WELCOME, sealed: value })).toMatchObject(wrong);
    expect(await open(bundle, { ...WELCOME, label: "welcome", sealed: value })).toMatchObject(wrong);
    expect(await open(bundle, { ...WELCOME, context: text("another"), sealed: value })).toMatchObject(wrong);
    expect(await open(bundle, { ...WELCOME, sealed: changed })).toMatchObject(wrong);
    expect(await open(bundle, { ...WELCOME, sealed: short })).toMatchObject(wrong);
  });

  it("says that a wiped key is none, and that an init key is not valid", async () => {
    const bundle = await bundleOf(ciphersuite);
    const keyPackage = bundle.keyPackage();
    const sealed = await seal(keyPackage, { ...WELCOME, plaintext: text("group secrets") });
    if (!sealed.ok) throw new Error(sealed.error.message);
    bundle.wipe();
    expect(await open(bundle, { ...WELCOME, sealed: sealed.value })).toMatchObject({ error: { code: "InvalidKey" } });
    const zeros = new Uint8Array(keyPackage.hpkeInitKey().asSlice().length);
    const to = { suite: () => ciphersuiteInfo(ciphersuite), hpkeInitKey: () => new InitKey(zeros) };
    expect(await seal(to, { ...WELCOME, plaintext: text("x") })).toMatchObject({ error: { code: "InvalidKey" } });
  });
});

describe("suites beyond RFC 9420", () => {
  const parts = { aead: Aead.CHACHA20_POLY1305, hash: "SHA-512", signatureScheme: SignatureScheme.ed25519 } as const;

  it("are sealed to by their algorithms, whatever their numbers", async () => {
    const suite = makeCiphersuite(0xf0aa, { name: "OWN", kem: Kem.DHKEM_P256, ...parts });
    const bundle = await (await newClient(suite)).bundle();
    const plaintext = text("group secrets");
    const sealed = await seal(bundle.keyPackage(), { ...WELCOME, plaintext });
    if (!sealed.ok) throw new Error(sealed.error.message);
    expect(await open(bundle, { ...WELCOME, sealed: sealed.value })).toEqual({ ok: true, value: plaintext });
  });

  it("are refused where their KEM has ML-KEM in it", async () => {
    const suite = makeCiphersuite(2, { name: "OWN", kem: Kem.MLKEM768, ...parts });
    const bundle = await (await newClient(suite, undefined, postQuantumCrypto)).bundle();
    const refused = { ok: false, error: { code: "UnsupportedCiphersuite" } };
    expect(await seal(bundle.keyPackage(), { ...WELCOME, plaintext: text("x") })).toMatchObject(refused);
    const sealed = { kemOutput: new Uint8Array(1088), ciphertext: new Uint8Array(32) };
    expect(await open(bundle, { ...WELCOME, sealed })).toMatchObject(refused);
  });
});
