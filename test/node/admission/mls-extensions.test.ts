/** What draft-ietf-mls-extensions-10 puts into KeyPackages: what of it is refused, and that nothing else is. */
import { describe, expect, it } from "vitest";
import { admit } from "../../../src/admission/admit.ts";
import { nobleCrypto } from "../../../src/mls/crypto/noble.ts";
import { FORGED_NOW, type Forgery, forge } from "../../support/forge.ts";

const POLICY = {
  ciphersuites: [1],
  maxKeyPackageBytes: 16_384,
  maxTotalLifetimeSeconds: undefined,
  uploadClockSkewSeconds: 300,
};

async function verdict(change: Partial<Forgery>) {
  const context = { crypto: nobleCrypto, policy: POLICY, publisher: {}, now: FORGED_NOW };
  const [only] = await admit([forge(change)], context);
  if (!only) throw new Error("expected a verdict");
  return only;
}

async function code(change: Partial<Forgery>): Promise<string> {
  const only = await verdict(change);
  return only.ok ? "ok" : only.code;
}

const DICTIONARY = 6;
const GREASE = 0x0a0a;
const none = new Uint8Array();

/** `u16 component_id, opaque data<V>` of each, in a vector. */
function dictionary(...components: readonly (readonly [id: number, ...data: number[]])[]): Uint8Array {
  const entries = components.flatMap(([id, ...data]) => [id >> 8, id & 0xff, data.length, ...data]);
  return Uint8Array.of(entries.length, ...entries);
}

const PLACES = ["leafExtensions", "keyPackageExtensions"] as const;
type Place = (typeof PLACES)[number];

/** With the extension there, and listed. */
const withExtension = (place: Place, extensionType: number, data: Uint8Array): Partial<Forgery> => ({
  [place]: [{ extensionType, data }],
  extensions: [extensionType],
});

describe.each(PLACES)("in %s", (place) => {
  it.each<[string, number, number[]]>([
    ["app_components with GREASE and components that nobody knows", 1, [6, 0x0a, 0x0a, 0, 3, 0x90, 0]],
    ["safe_aad", 2, [2, 0, 32]],
    ["content_media_types", 3, [12, 10, ...new TextEncoder().encode("text/plain"), 0]],
    ["content_media_types that is empty", 3, [0]],
    ["app_ack", 5, [0]],
    ["GREASE", GREASE, [1, 2, 3]],
    ["a component of MIMI", 0x0022, [9]],
    ["a component for private use", 0x8001, []],
    ["a component that nobody has assigned", 0x7fff, [0]],
    ["the reserved component", 0, [0]],
  ])("a component may be there, whatever its place in the registry: %s", async (_, id, data) => {
    expect(await code(withExtension(place, DICTIONARY, dictionary([id, ...data])))).toBe("ok");
  });

  it.each<[string, Uint8Array]>([
    ["is not sorted", dictionary([5], [4])],
    ["has a component twice", dictionary([5], [5])],
    ["has ids of four bytes, as before the ninth draft", Uint8Array.of(5, 0, 0, 0, 4, 0)],
    ["ends within a component", Uint8Array.of(3, 0, 4, 1)],
    ["is followed by a byte", Uint8Array.of(...dictionary([5]), 0)],
  ])("a dictionary is malformed that %s", async (_, data) => {
    expect(await code(withExtension(place, DICTIONARY, data))).toBe("malformed");
  });

  it.each([
    ["supported_wire_formats", 7],
    ["required_wire_formats", 8],
  ])("%s is an extension that must be listed, and else unknown: whatever it holds", async (_, extensionType) => {
    const unlisted = place === "leafExtensions" ? "leaf_extension_not_in_capabilities" : "unsupported_extension";
    for (const data of [Uint8Array.of(2, 0, 6), Uint8Array.of(1, 0), none]) {
      const listed = withExtension(place, extensionType, data);
      expect(await code(listed)).toBe("ok");
      expect(await code({ ...listed, extensions: [] })).toBe(unlisted);
    }
  });

  it("an app data dictionary must be listed", async () => {
    const unlisted = place === "leafExtensions" ? "leaf_extension_not_in_capabilities" : "unsupported_extension";
    expect(await code({ ...withExtension(place, DICTIONARY, dictionary()), extensions: [] })).toBe(unlisted);
  });
});

describe("a client", () => {
  it("may list the dictionary without app_components, as some do, and gets no warning", async () => {
    expect(await verdict({ extensions: [DICTIONARY] })).toMatchObject({ ok: true, warnings: [] });
    const other = withExtension("leafExtensions", DICTIONARY, dictionary([3, 0]));
    expect(await verdict(other)).toMatchObject({ ok: true, warnings: [] });
  });

  it("may list the proposals and credentials of the draft, and is found by them", async () => {
    const change = { proposals: [8, 9, 10], credentials: [1, 3, 4], extensions: [6, 7, 8, GREASE] };
    expect(await verdict(change)).toMatchObject({
      ok: true,
      keyPackage: { capabilities: { ...change, extensions: [6, 7, 8] } },
      warnings: [],
    });
  });

  it.each([
    ["multi", 3],
    ["weak-multi", 4],
  ])("cannot be who it is by a credential of type %s", async (_, credentialType) => {
    const change = { credentialType, credentials: [credentialType], credential: Uint8Array.of(0) };
    expect(await code(change)).toBe("unsupported_credential_type");
  });
});

describe("a last resort", () => {
  const component = { extensionType: DICTIONARY, data: dictionary([4]) };
  const lastResort = async (change: Partial<Forgery>) => {
    const only = await verdict({ extensions: [DICTIONARY, 10], ...change });
    return only.ok ? only.keyPackage.lastResort : only.code;
  };

  it("is marked by the component, by the extension of earlier drafts, or by both, in the KeyPackage alone", async () => {
    const extension = { extensionType: 10, data: none };
    expect(await lastResort({ keyPackageExtensions: [component] })).toBe(true);
    expect(await lastResort({ keyPackageExtensions: [extension] })).toBe(true);
    expect(await lastResort({ keyPackageExtensions: [component, extension] })).toBe(true);
    expect(await lastResort({ leafExtensions: [component] })).toBe(false);
    expect(await lastResort({ keyPackageExtensions: [{ ...component, data: dictionary([3, 0], [5]) }] })).toBe(false);
  });

  it("has no data in the KeyPackage", async () => {
    expect(await lastResort({ keyPackageExtensions: [{ ...component, data: dictionary([4, 9]) }] })).toBe("malformed");
    expect(await lastResort({ leafExtensions: [{ ...component, data: dictionary([4, 9]) }] })).toBe(false);
  });
});
