/** Components, media types and wire formats of draft-ietf-mls-extensions in what the inspector shows. */
import { describe, expect, it } from "vitest";
import { admit } from "../../../src/admission/admit.ts";
import { type Field, toJson, toLines } from "../../../src/inspect/field.ts";
import { open } from "../../../src/inspect/open.ts";
import { nobleCrypto } from "../../../src/mls/crypto/noble.ts";
import { FORGED_NOW, type Forgery, forge } from "../../support/forge.ts";

const text = (value: string): number[] => [value.length, ...new TextEncoder().encode(value)];
const vector = (...bytes: number[]): number[] => [bytes.length, ...bytes];
const component = (id: number, ...data: number[]): number[] => [id >> 8, id & 0xff, ...vector(...data)];

const PARAMETERS = vector(...text("charset"), ...text("utf-8"));
const MEDIA_TYPES = vector(...text("text/plain"), ...PARAMETERS, ...text("image/png"), ...vector());

const DICTIONARY = Uint8Array.from(
  vector(
    ...component(1, ...vector(0, 3, 0x80, 0)),
    ...component(3, ...MEDIA_TYPES),
    ...component(4),
    ...component(0x0a0a, 9),
    ...component(0x8001, 7, 7),
  ),
);

/** A package with this extension in its leaf and itself. */
const withExtension = (extensionType: number, data: Uint8Array): Partial<Forgery> => {
  const extensions = [{ extensionType, data }];
  return { keyPackageExtensions: extensions, leafExtensions: extensions, extensions: [extensionType] };
};

function extensionsOf(change: Partial<Forgery>): Field {
  const opened = open(forge(change));
  const found = opened.fields.find(({ name }) => name === "extensions");
  if (opened.kind !== "key_package" || !found) throw new Error("expected the extensions of a KeyPackage");
  return found;
}

async function admitted(change: Partial<Forgery>): Promise<boolean> {
  const policy = {
    ciphersuites: [1],
    maxKeyPackageBytes: 16_384,
    maxTotalLifetimeSeconds: undefined,
    uploadClockSkewSeconds: 300,
  };
  const [verdict] = await admit([forge(change)], { crypto: nobleCrypto, policy, publisher: {}, now: FORGED_NOW });
  return verdict?.ok === true;
}

describe("draft-ietf-mls-extensions", () => {
  it("shows the components of a dictionary by name, with what they list", () => {
    const lines = toLines([extensionsOf(withExtension(6, DICTIONARY))]).map((line) => line.trim());
    expect(lines.slice(2)).toEqual([
      expect.stringMatching(/^extension_data: /),
      "components:",
      "component_id: 1 app_components",
      "data: 0400038000 (5 bytes)",
      "component_ids: 3 content_media_types, 32768",
      "component_id: 3 content_media_types",
      expect.stringMatching(/^data: /),
      "media_types:",
      "media_type: text/plain;charset=utf-8",
      "media_type: image/png",
      "component_id: 4 last_resort_key_package",
      "data: (0 bytes)",
      "component_id: 2570 GREASE",
      "data: 09 (1 byte)",
      "component_id: 32769",
      "data: 0707 (2 bytes)",
    ]);
    const json = toJson([extensionsOf(withExtension(6, DICTIONARY))]) as {
      extensions: { components: Record<string, unknown>[] }[];
    };
    expect(json.extensions[0]?.components[0]).toEqual({
      component_id: 1,
      data: "0400038000",
      component_ids: [3, 0x8000],
    });
  });

  it("shows a parameter of a media type as text would have it, in quotes where it is not a token", () => {
    const pair = (value: string) => vector(...text("a/b"), ...vector(...text("p"), ...text(value)));
    const shown = (value: string) => {
      const data = Uint8Array.from(vector(...component(3, ...pair(value))));
      return toLines([extensionsOf(withExtension(6, data))])
        .at(-1)
        ?.trim();
    };
    expect(shown("UTF-8")).toBe("media_type: a/b;p=UTF-8");
    expect(shown("x;q=1")).toBe('media_type: a/b;p="x;q=1"');
    expect(shown('"\\')).toBe('media_type: a/b;p="\\"\\\\"');
    expect(shown("")).toBe('media_type: a/b;p=""');
    expect(shown("\n")).toBe('media_type: a/b;p="\\u{a}"');
  });

  it("names the extension types, proposals and credentials of the draft where a client lists them", () => {
    const opened = open(
      forge({ extensions: [6, 7, 8, 10, 0x0a0a], proposals: [7, 8, 9, 10, 11], credentials: [1, 3, 4] }),
    );
    const lines = toLines(opened.fields).map((line) => line.trim());
    expect(lines).toContain(
      "extensions: 6 app_data_dictionary, 7 supported_wire_formats, 8 required_wire_formats, 10 last_resort, 2570 GREASE",
    );
    expect(lines).toContain(
      "proposals: 7 group_context_extensions, 8 app_data_update, 9 app_ephemeral, 10 self_remove, 11",
    );
    expect(lines).toContain("credentials: 1 basic, 3 multi, 4 weak_multi");
  });

  it("shows wire formats", () => {
    const field = extensionsOf({ keyPackageExtensions: [{ extensionType: 7, data: Uint8Array.of(4, 0, 1, 0, 2) }] });
    expect(toLines([field]).at(-1)?.trim()).toBe("wire_formats: 1, 2");
  });

  it.each([
    ["media types that end early", vector(...component(3, 5, 4, 1))],
    ["media types that are not text", vector(...component(3, ...vector(...vector(0xff), ...vector())))],
    ["a list of components of an odd length", vector(...component(1, 3, 0, 1, 0))],
    ["components after a list", vector(...component(2, 0, 9))],
    ["a last resort component in the leaf alone", vector(...component(5, 1, 2, 3))],
  ])("are shown and not judged, whatever they hold: %s", async (_, bytes) => {
    const change = withExtension(6, Uint8Array.from(bytes));
    expect(toLines([extensionsOf(change)]).join("\n")).toContain("component_id: ");
    expect(await admitted(change)).toBe(true);
  });

  it("shows the bytes alone of what is no dictionary", () => {
    const field = extensionsOf({ keyPackageExtensions: [{ extensionType: 8, data: Uint8Array.of(1) }] });
    expect(toLines([field]).at(-1)?.trim()).toBe("extension_data: 01 (1 byte)");
  });
});
