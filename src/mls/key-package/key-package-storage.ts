import { toHex } from "../codec/byte-strings.ts";
import { Reader } from "../codec/reader.ts";
import { Writer } from "../codec/writer.ts";
import type { KeyPackageDecodeError } from "../errors.ts";
import { HpkePrivateKey } from "../keys/key-types.ts";
import { err, ok, type Result } from "../result.ts";
import { RFC_9420, type SuiteProfile } from "../suite-profile.ts";
import { KeyPackageBundle, type KeyPackageStorage } from "./key-package.ts";
import { KeyPackageIn } from "./key-package-in.ts";
import type { KeyPackageRef } from "./key-package-ref.ts";

/** Keeps bundles in memory, as long as the process runs. */
export class InMemoryKeyPackageStorage implements KeyPackageStorage {
  readonly #bundles = new Map<string, KeyPackageBundle>();

  async writeKeyPackage(ref: KeyPackageRef, bundle: KeyPackageBundle): Promise<void> {
    this.#bundles.set(toHex(ref.asSlice()), bundle);
  }

  async readKeyPackage(ref: KeyPackageRef): Promise<KeyPackageBundle | undefined> {
    return this.#bundles.get(toHex(ref.asSlice()));
  }

  async deleteKeyPackage(ref: KeyPackageRef): Promise<void> {
    this.#bundles.delete(toHex(ref.asSlice()));
  }
}

/** The only format so far; a later one will get the next number, and this one will stay readable. */
const FORMAT_VERSION = 1;

/**
 * A bundle for an application's own storage: it holds both private keys.
 * ```
 * struct { uint8 format = 1;  KeyPackage key_package<V>;
 *          opaque init_private_key<V>;  opaque encryption_private_key<V>; }
 * ```
 */
export function serializeKeyPackageBundle(bundle: KeyPackageBundle): Uint8Array {
  return new Writer()
    .u8(FORMAT_VERSION)
    .opaque(bundle.keyPackage().tlsSerialize())
    .opaque(bundle.initPrivateKey().asSlice())
    .opaque(bundle.encryptionPrivateKey().asSlice())
    .finish();
}

/**
 * Reads what `serializeKeyPackageBundle` wrote, under the profile in which the package was made. The bundle is the
 * application's own, so signatures are not checked.
 */
export function deserializeKeyPackageBundle(
  bytes: Uint8Array,
  profile: SuiteProfile = RFC_9420,
): Result<KeyPackageBundle, KeyPackageDecodeError> {
  const reader = Reader.over(bytes);
  const format = reader.u8();
  if (format !== FORMAT_VERSION) reader.fail("UnknownValue", `unknown format ${format} of a bundle`);
  const keyPackageBytes = reader.opaque();
  const initPrivateKey = new HpkePrivateKey(reader.opaque());
  const encryptionPrivateKey = new HpkePrivateKey(reader.opaque());
  reader.expectEnd();
  if (reader.failure !== undefined) return err(reader.failure);
  const decoded = KeyPackageIn.tlsDeserializeExact(keyPackageBytes, profile);
  if (!decoded.ok) return decoded;
  const keyPackage = decoded.value.intoUnchecked();
  if (!keyPackage.ok) return keyPackage;
  return ok(new KeyPackageBundle(keyPackage.value, initPrivateKey, encryptionPrivateKey));
}
