/**
 * EncryptWithLabel and DecryptWithLabel of RFC 9420 §5.1.3, by @hpke/core: what a Welcome is sealed with to the init key
 * of a KeyPackage. The runtime must have WebCrypto.
 */
import type { CipherSuite } from "@hpke/core";
import { Aead, type CiphersuiteInfo, type HashAlgorithm, isMlKem, Kem } from "../ciphersuite.ts";
import { Writer } from "../codec/writer.ts";
import type { KeyPackage, KeyPackageBundle } from "../key-package/key-package.ts";
import { hpkePublicKeyDefect } from "../keys/public-keys.ts";
import { err, ok, type Result } from "../result.ts";

/** `struct { opaque kem_output<V>; opaque ciphertext<V>; } HPKECiphertext;`, RFC 9420 §7.6. */
export type HpkeCiphertext = { readonly kemOutput: Uint8Array; readonly ciphertext: Uint8Array };

/** What a ciphertext is bound to: both sides must name the same. */
export type Labelled = {
  /** Without the prefix "MLS 1.0 "; that of a Welcome is "Welcome". */
  readonly label: string;
  /** Of a Welcome: its `encrypted_group_info` (RFC 9420 §12.4.3.1). */
  readonly context: Uint8Array;
};

/**
 * `InvalidKey`: the init key is not a valid public key of its KEM, or the private key is none (a bundle that was wiped).
 * `OpenError`: the ciphertext was not sealed to this key with this label and context, or was changed.
 * `UnsupportedCiphersuite`: the suite's KEM has ML-KEM in it.
 */
export type HpkeError = {
  readonly code: "InvalidKey" | "OpenError" | "UnsupportedCiphersuite";
  readonly message: string;
};

/** Seals a text to the init key of a KeyPackage, which the caller has validated. */
export async function seal(
  keyPackage: Pick<KeyPackage, "suite" | "hpkeInitKey">,
  { plaintext, ...bound }: Labelled & { readonly plaintext: Uint8Array },
): Promise<Result<HpkeCiphertext, HpkeError>> {
  const info = keyPackage.suite();
  const publicKey = keyPackage.hpkeInitKey().asSlice();
  const defect = hpkePublicKeyDefect(info, publicKey);
  if (defect !== undefined) return err({ code: "InvalidKey", message: `The init key is not valid: ${defect}.` });
  const suite = await suiteOf(info);
  if (suite === undefined) return unsupported(info);
  const recipientPublicKey = await suite.kem.deserializePublicKey(buffer(publicKey));
  const { enc, ct } = await suite.seal({ recipientPublicKey, info: encryptContext(bound) }, buffer(plaintext));
  return ok({ kemOutput: new Uint8Array(enc), ciphertext: new Uint8Array(ct) });
}

/** Opens with the private init key of a bundle what was sealed to the init key of its KeyPackage. */
export async function open(
  bundle: Pick<KeyPackageBundle, "keyPackage" | "initPrivateKey">,
  { sealed, ...bound }: Labelled & { readonly sealed: HpkeCiphertext },
): Promise<Result<Uint8Array, HpkeError>> {
  const privateKey = bundle.initPrivateKey().asSlice();
  const info = bundle.keyPackage().suite();
  const suite = await suiteOf(info);
  if (suite === undefined) return unsupported(info);
  // X25519 and X448 would take zeros for a key.
  const recipientKey = privateKey.some((byte) => byte !== 0) && (await readKey(suite, privateKey));
  if (!recipientKey) return err({ code: "InvalidKey", message: "The private key is not one, or was wiped." });
  try {
    const params = { recipientKey, enc: buffer(sealed.kemOutput), info: encryptContext(bound) };
    return ok(new Uint8Array(await suite.open(params, buffer(sealed.ciphertext))));
  } catch {
    return err({ code: "OpenError", message: "The ciphertext does not open with this key, label and context." });
  }
}

async function readKey(suite: CipherSuite, privateKey: Uint8Array): Promise<CryptoKey | undefined> {
  try {
    return await suite.kem.deserializePrivateKey(buffer(privateKey));
  } catch {
    return undefined;
  }
}

/** `struct { opaque label<V> = "MLS 1.0 " + Label; opaque context<V>; } EncryptContext;`, RFC 9420 §5.1.3. */
function encryptContext({ label, context }: Labelled): ArrayBuffer {
  const text = new TextEncoder().encode(`MLS 1.0 ${label}`);
  return buffer(new Writer().opaque(text).opaque(context).finish());
}

const unsupported = ({ name }: CiphersuiteInfo): Result<never, HpkeError> =>
  err({ code: "UnsupportedCiphersuite", message: `Nothing is sealed or opened here with the KEM of ${name}.` });

/**
 * The parts by @hpke/core, or undefined for a KEM with ML-KEM. X448 and ChaCha20-Poly1305 are libraries of their own,
 * loaded by the suites that need them.
 */
async function suiteOf({ kem, hash, aead }: CiphersuiteInfo): Promise<CipherSuite | undefined> {
  if (isMlKem(kem)) return undefined;
  const hpke = await import("@hpke/core");
  const kems = {
    [Kem.DHKEM_P256]: () => new hpke.DhkemP256HkdfSha256(),
    [Kem.DHKEM_P384]: () => new hpke.DhkemP384HkdfSha384(),
    [Kem.DHKEM_P521]: () => new hpke.DhkemP521HkdfSha512(),
    [Kem.DHKEM_X25519]: () => new hpke.DhkemX25519HkdfSha256(),
    [Kem.DHKEM_X448]: async () => new (await import("@hpke/dhkem-x448")).DhkemX448HkdfSha512(),
  } as const;
  const kdfs = {
    "SHA-256": hpke.HkdfSha256,
    "SHA-384": hpke.HkdfSha384,
    "SHA-512": hpke.HkdfSha512,
  } as const satisfies Record<HashAlgorithm, unknown>;
  const aeads = {
    [Aead.AES_128_GCM]: () => new hpke.Aes128Gcm(),
    [Aead.AES_256_GCM]: () => new hpke.Aes256Gcm(),
    [Aead.CHACHA20_POLY1305]: async () => new (await import("@hpke/chacha20poly1305")).Chacha20Poly1305(),
  } as const;
  return new hpke.CipherSuite({ kem: await kems[kem](), kdf: new kdfs[hash](), aead: await aeads[aead]() });
}

/** A copy in a buffer of its own, as the library takes bytes. */
const buffer = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;
