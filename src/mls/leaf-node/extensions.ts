import { ExtensionType, LAST_RESORT_COMPONENT_ID } from "../codec/code-points.ts";
import { Reader } from "../codec/reader.ts";
import type { Writer } from "../codec/writer.ts";
import { Credential } from "../credentials/credential.ts";
import type { InvalidExtensionError } from "../errors.ts";
import { err, ok, type Result } from "../result.ts";
import { AppDataDictionary } from "./app-data-dictionary.ts";

/** The structs with a list of extensions that this library knows (RFC 9420 §17.3, column Message(s)). */
export type Placement = "KeyPackage" | "LeafNode";

/**
 * ```
 * struct { ExtensionType extension_type; opaque extension_data<V>; } Extension;   // RFC 9420 §13
 * ```
 */
export type Extension = { readonly extensionType: number; readonly data: Uint8Array };

/** Code points that every member of a group must support. */
export type RequiredCapabilities = {
  readonly extensions: readonly number[];
  readonly proposals: readonly number[];
  readonly credentials: readonly number[];
};

/**
 * `Extension extensions<V>` (RFC 9420 §13.4): at most one of each type, in the order of the wire.
 *
 * The type parameter says which struct the list is for. `"Received"` is a list of a KeyPackage that is not validated
 * yet: it may have types that are not allowed there. Lists never change: every operation returns a new one.
 */
export class Extensions<P extends Placement | "Received"> {
  readonly #placement: P;
  readonly #list: readonly Extension[];

  private constructor(placement: P, list: readonly Extension[]) {
    this.#placement = placement;
    this.#list = list;
  }

  /** No extensions. */
  static empty<P extends Placement>(placement: P): Extensions<P> {
    return new Extensions(placement, []);
  }

  /** One extension; errors as `add`. */
  static single<P extends Placement>(placement: P, extension: Extension): Result<Extensions<P>, InvalidExtensionError> {
    return Extensions.empty(placement).add(extension);
  }

  static from<P extends Placement>(
    placement: P,
    extensions: Iterable<Extension>,
  ): Result<Extensions<P>, InvalidExtensionError> {
    const list = new Map<number, Extension>();
    for (const extension of extensions) {
      const { extensionType } = extension;
      const error = list.has(extensionType) ? duplicate(extensionType) : extensionError(placement, extension);
      if (error !== undefined) return err(error);
      list.set(extensionType, extension);
    }
    return ok(new Extensions(placement, [...list.values()]));
  }

  /** As in OpenMLS, a type that is not allowed in a leaf fails here, but one not allowed in a KeyPackage only later. */
  static decode<P extends "LeafNode" | "Received">(reader: Reader, placement: P): Extensions<P> {
    const vector = reader.vector();
    const list: Extension[] = [];
    const seen = new Set<number>();
    while (vector.remaining > 0) {
      const extension = decodeExtension(vector);
      const type = extension.extensionType;
      if (seen.has(type)) vector.fail("DecodingError", `Found duplicate extensions: type ${type}`);
      if (placement === "LeafNode" && !isValidIn("LeafNode", type)) {
        vector.fail("DecodingError", `extension type ${type} is not allowed in a leaf node`);
      }
      seen.add(type);
      list.push(extension);
    }
    return new Extensions(placement, list);
  }

  /** Writes the vector. */
  encode(writer: Writer): void {
    writer.vector((elements) => {
      for (const extension of this.#list) encodeExtension(elements, extension);
    });
  }

  /** Fails for a type that is present, that is not allowed in the struct, or whose data is malformed. */
  add(extension: Extension): Result<Extensions<P>, InvalidExtensionError> {
    if (this.contains(extension.extensionType)) return err(duplicate(extension.extensionType));
    return this.addOrReplace(extension);
  }

  /** As `add`, but an extension of the same type is replaced, at its position. */
  addOrReplace(extension: Extension): Result<Extensions<P>, InvalidExtensionError> {
    const error = extensionError(this.#placement, extension);
    if (error !== undefined) return err(error);
    const at = this.#list.findIndex((other) => other.extensionType === extension.extensionType);
    const list = at < 0 ? [...this.#list, extension] : this.#list.with(at, extension);
    return ok(new Extensions(this.#placement, list));
  }

  /** Without this type; `NotFound` if it is not present. */
  remove(extensionType: number): Result<Extensions<P>, InvalidExtensionError> {
    const rest = this.#list.filter((extension) => extension.extensionType !== extensionType);
    if (rest.length === this.#list.length) {
      return err({ code: "NotFound", message: "No extension of this type.", extensionType });
    }
    return ok(new Extensions(this.#placement, rest));
  }

  /** The same list for a KeyPackage, if every type is allowed there (valn1604 of OpenMLS). */
  toKeyPackage(): Result<Extensions<"KeyPackage">, InvalidExtensionError> {
    return Extensions.from("KeyPackage", this.#list);
  }

  /** Whether an extension of this type is present. */
  contains(extensionType: number): boolean {
    return this.#list.some((extension) => extension.extensionType === extensionType);
  }

  /** All types, in order. */
  types(): number[] {
    return this.#list.map((extension) => extension.extensionType);
  }

  /** The number of extensions. */
  get size(): number {
    return this.#list.length;
  }

  [Symbol.iterator](): Iterator<Extension> {
    return this.#list[Symbol.iterator]();
  }

  /** The data of an extension of any type. */
  get(extensionType: number): Uint8Array | undefined {
    return this.#list.find((extension) => extension.extensionType === extensionType)?.data;
  }

  /** The application's own identifier of a leaf, RFC 9420 §5.3.3. */
  applicationId(): Uint8Array | undefined {
    const data = this.get(ExtensionType.ApplicationId);
    return data === undefined ? undefined : Reader.over(data).opaque();
  }

  /** The dictionary of draft-ietf-mls-extensions, if present. */
  appDataDictionary(): AppDataDictionary | undefined {
    const data = this.get(ExtensionType.AppDataDictionary);
    return data === undefined ? undefined : AppDataDictionary.fromExtensionData(data);
  }

  /** RFC 9420 §11.1; only a list that is not validated yet can have this extension. */
  requiredCapabilities(): RequiredCapabilities | undefined {
    const data = this.get(ExtensionType.RequiredCapabilities);
    if (data === undefined) return undefined;
    const reader = Reader.over(data);
    const extensions = reader.u16s();
    const proposals = reader.u16s();
    return { extensions, proposals, credentials: reader.u16s() };
  }

  /** Whether either encoding is present: extension 0x000A, or component 0x0004 of the app data dictionary. */
  lastResort(): boolean {
    return this.contains(ExtensionType.LastResort) || this.lastResortComponent() !== undefined;
  }

  /** The data of component 0x0004, which must be empty in a KeyPackage; OpenMLS does not look, nor does `validate`. */
  lastResortComponent(): Uint8Array | undefined {
    return this.appDataDictionary()?.get(LAST_RESORT_COMPONENT_ID);
  }
}

// ---- one extension ------------------------------------------------------------------------------

/** Reads one; the reader fails if the data of a known type is malformed. */
export function decodeExtension(reader: Reader): Extension {
  const extensionType = reader.u16();
  const body = reader.vector();
  const start = body.position;
  const data = reader.slice(start, start + body.remaining);
  expectExtensionData(extensionType, body);
  return { extensionType, data };
}

/** Writes the struct. */
export function encodeExtension(writer: Writer, extension: Extension): void {
  writer.u16(extension.extensionType).opaque(extension.data);
}

/** Whether a type is allowed in the struct; unknown types are allowed in every struct (RFC 9420 §13.4). */
export function isValidIn(placement: Placement, extensionType: number): boolean {
  switch (extensionType) {
    case ExtensionType.ApplicationId:
      return placement === "LeafNode";
    case ExtensionType.LastResort:
      return placement === "KeyPackage";
    case ExtensionType.RatchetTree:
    case ExtensionType.RequiredCapabilities:
    case ExtensionType.ExternalPub:
    case ExtensionType.ExternalSenders:
      return false;
    default:
      return true;
  }
}

function duplicate(extensionType: number): InvalidExtensionError {
  return { code: "Duplicate", message: "An extension of this type is already present.", extensionType };
}

/** Why the extension cannot be in the list: its type is not allowed there, or its data is malformed. */
function extensionError(
  placement: Placement | "Received",
  { extensionType, data }: Extension,
): InvalidExtensionError | undefined {
  if (placement !== "Received" && !isValidIn(placement, extensionType)) {
    const code = placement === "LeafNode" ? "ExtensionTypeNotValidInLeafNode" : "ExtensionTypeNotValidInKeyPackage";
    const where = placement === "LeafNode" ? "leaf nodes" : "key packages";
    const message = `The provided extension list contains an extension of type ${extensionType} that is not allowed in ${where}.`;
    return { code, message, extensionType };
  }
  const reader = Reader.over(data);
  expectExtensionData(extensionType, reader);
  if (reader.failure === undefined) return undefined;
  return { code: "InvalidExtensionData", message: reader.failure.message, extensionType };
}

/**
 * Fails the reader unless it holds exactly the struct of a known type. A ratchet tree stays opaque: it is allowed
 * neither in a KeyPackage nor in a LeafNode, so its content does not matter.
 */
export function expectExtensionData(extensionType: number, data: Reader): void {
  switch (extensionType) {
    case ExtensionType.ApplicationId:
    case ExtensionType.ExternalPub:
      data.opaque();
      break;
    case ExtensionType.RequiredCapabilities:
      data.u16s();
      data.u16s();
      data.u16s();
      break;
    case ExtensionType.ExternalSenders:
      skipExternalSenders(data);
      break;
    case ExtensionType.AppDataDictionary:
      // What a component holds, and where it may be, is not for this struct to say (draft-ietf-mls-extensions).
      AppDataDictionary.decode(data);
      break;
    case ExtensionType.LastResort:
      if (data.remaining > 0) data.fail("DecodingError", "the last resort extension must be empty");
      break;
    default:
      return;
  }
  data.expectEnd();
}

function skipExternalSenders(data: Reader): void {
  const senders = data.vector();
  while (senders.remaining > 0) {
    senders.opaque();
    Credential.decode(senders);
  }
}

// ---- last resorts ------------------------------------------------------------------------------

/**
 * Which encoding of draft-ietf-mls-extensions marks a last resort: extension 0x000A, which deployed implementations
 * know, or component 0x0004 of the app_data_dictionary, which later versions of the draft have instead.
 */
export type LastResortEncoding = "extension" | "component";

/** The extensions of a KeyPackage, with the mark of a last resort added. */
export function withLastResort(
  extensions: Extensions<"KeyPackage">,
  encoding: LastResortEncoding,
): Extensions<"KeyPackage"> {
  const marked = extensions.addOrReplace(
    encoding === "extension"
      ? { extensionType: ExtensionType.LastResort, data: new Uint8Array(0) }
      : lastResortComponent(extensions),
  );
  if (!marked.ok) throw new Error(marked.error.message);
  return marked.value;
}

/** The app data dictionary of the extensions, or a new one, with the component. */
function lastResortComponent(extensions: Extensions<"KeyPackage">): Extension {
  const others = (extensions.appDataDictionary()?.components() ?? []).filter(
    ({ componentId }) => componentId !== LAST_RESORT_COMPONENT_ID,
  );
  const dictionary = new AppDataDictionary([
    ...others,
    { componentId: LAST_RESORT_COMPONENT_ID, data: new Uint8Array(0) },
  ]);
  return { extensionType: ExtensionType.AppDataDictionary, data: dictionary.tlsSerialize() };
}
