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
import { describe, expect, it } from "vitest";
import { CIPHERSUITES, type Ciphersuite, ciphersuiteInfo, nobleCrypto } from "../../../src/mls/index.ts";
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
