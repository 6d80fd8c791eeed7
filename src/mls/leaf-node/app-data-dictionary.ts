import { Reader } from "../codec/reader.ts";
import { Writer } from "../codec/writer.ts";

/** One entry: `component_id` and its `data` (draft-ietf-mls-extensions). */
export type ComponentData = { readonly componentId: number; readonly data: Uint8Array };

/**
 * ```
 * struct { uint16 component_id; opaque data<V>; } ComponentData;
 * struct { ComponentData component_data<V>; } AppDataDictionary;   // draft-ietf-mls-extensions
 * ```
 * Entries are sorted by id, and ids are unique.
 */
export class AppDataDictionary {
  readonly #components: readonly ComponentData[];

  /** Throws RangeError when two components have one id. */
  constructor(components: readonly ComponentData[]) {
    this.#components = components.toSorted((a, b) => a.componentId - b.componentId);
    for (const [i, component] of this.#components.entries()) {
      if (component.componentId === this.#components[i - 1]?.componentId) {
        throw new RangeError(`expected unique component ids, got ${component.componentId} twice`);
      }
    }
  }

  /** Reads one; the reader says whether it failed. */
  static decode(reader: Reader): AppDataDictionary {
    const vector = reader.vector();
    const components: ComponentData[] = [];
    let previous = -1;
    while (vector.remaining > 0) {
      const componentId = vector.u16();
      if (componentId <= previous) {
        vector.fail("DecodingError", "components of an app data dictionary are not sorted and unique");
        return new AppDataDictionary([]);
      }
      previous = componentId;
      components.push({ componentId, data: vector.opaque() });
    }
    return new AppDataDictionary(reader.failure === undefined ? components : []);
  }

  /** From the whole data of an extension; undefined if that is not a dictionary. */
  static fromExtensionData(data: Uint8Array): AppDataDictionary | undefined {
    const reader = Reader.over(data);
    const dictionary = AppDataDictionary.decode(reader);
    reader.expectEnd();
    return reader.failure === undefined ? dictionary : undefined;
  }

  /** As the data of extension 0x0006. */
  tlsSerialize(): Uint8Array {
    const writer = new Writer();
    writer.vector((entries) => {
      for (const { componentId, data } of this.#components) entries.u16(componentId).opaque(data);
    });
    return writer.finish();
  }

  /** All entries, sorted by their id. */
  components(): readonly ComponentData[] {
    return this.#components;
  }

  /** The data of one component, if present. */
  get(componentId: number): Uint8Array | undefined {
    return this.#components.find((component) => component.componentId === componentId)?.data;
  }
}
