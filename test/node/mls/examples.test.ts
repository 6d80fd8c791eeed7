import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { basicKeyPackage } from "../../../docs/examples/basic-key-package.ts";
import { keyPackageWithExtension, PRIVATE_EXTENSION_TYPE } from "../../../docs/examples/custom-extensions.ts";
import { weekLongKeyPackage } from "../../../docs/examples/custom-lifetime.ts";
import { lastResortKeyPackage } from "../../../docs/examples/last-resort.ts";
import { loadAndValidate } from "../../../docs/examples/load-and-validate.ts";
import { newClient } from "../../../docs/examples/setup.ts";
import { nobleCrypto } from "../../../src/mls/index.ts";
import { CLIENT_NOW } from "../support/client.ts";

// The examples take the time from the clock, as an application does; here it stands still.
beforeAll(() => void vi.setSystemTime(CLIENT_NOW * 1000));
afterAll(() => void vi.useRealTimers());

describe("the examples of the documentation", () => {
  it("make a basic KeyPackage that loads and validates, and give its reference", async () => {
    const bundle = await basicKeyPackage();
    const loaded = await loadAndValidate(nobleCrypto, bundle.keyPackage().tlsSerialize());
    expect(loaded.ref).toEqual((await bundle.keyPackage().hashRef(nobleCrypto)).asSlice());
    expect(loaded.keyPackage.lastResort()).toBe(false);
  });

  it("mark a last resort", async () => {
    const bundle = await lastResortKeyPackage(await newClient("alice"));
    const { keyPackage } = await loadAndValidate(nobleCrypto, bundle.keyPackage().tlsSerialize());
    expect(keyPackage.lastResort()).toBe(true);
  });

  it("choose a lifetime", async () => {
    const { notBefore, notAfter } = (await weekLongKeyPackage(await newClient("alice"))).keyPackage().lifeTime();
    expect(notAfter - notBefore).toBe(7n * 24n * 3600n + 3600n);
  });

  it("carry an extension of one's own", async () => {
    const bundle = await keyPackageWithExtension(await newClient("alice"));
    const { keyPackage } = await loadAndValidate(nobleCrypto, bundle.keyPackage().tlsSerialize());
    expect(keyPackage.checkExtensionSupport([PRIVATE_EXTENSION_TYPE])).toEqual({ ok: true, value: undefined });
    expect(keyPackage.checkExtensionSupport([0xf101])).toMatchObject({ ok: false, error: { extensionType: 0xf101 } });
  });

  it("refuse bytes that are not a KeyPackage", async () => {
    await expect(loadAndValidate(nobleCrypto, new Uint8Array(40))).rejects.toThrow(/UnknownValue/);
  });
});
