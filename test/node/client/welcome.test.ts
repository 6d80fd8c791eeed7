import {
  createCommit,
  createGroup,
  defaultCapabilities,
  encodeMlsMessage,
  generateKeyPackage,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  type KeyPackage,
} from "ts-mls";
import { describe, expect, it } from "vitest";
import { welcomeRefs } from "../../../src/client/index.ts";
import { makeKeyPackageRef, nobleCrypto } from "../../../src/mls/index.ts";

const suite = await getCiphersuiteImpl(getCiphersuiteFromName("MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519"));

async function newPackage(name: string) {
  const credential = { credentialType: "basic", identity: new TextEncoder().encode(name) } as const;
  return generateKeyPackage(credential, defaultCapabilities(), { notBefore: 0n, notAfter: 1n << 40n }, [], suite);
}

async function refOf(keyPackage: KeyPackage): Promise<string> {
  const message = encodeMlsMessage({ version: "mls10", wireformat: "mls_key_package", keyPackage });
  const ref = await makeKeyPackageRef(nobleCrypto, 1, message.subarray(4));
  return Buffer.from(ref.asSlice()).toString("base64url");
}

/** A Welcome of ts-mls to this many members, in an MLSMessage, and the references of their packages. */
async function welcomeTo(count: number) {
  const own = await newPackage("alice");
  const group = await createGroup(new Uint8Array(8), own.publicPackage, own.privatePackage, [], suite);
  const added = await Promise.all(Array.from({ length: count }, (_, index) => newPackage(`member-${index}`)));
  const extraProposals = added.map(({ publicPackage }) => ({
    proposalType: "add" as const,
    add: { keyPackage: publicPackage },
  }));
  const { welcome } = await createCommit({ state: group, cipherSuite: suite }, { extraProposals });
  if (!welcome) throw new Error("expected a Welcome");
  const bytes = encodeMlsMessage({ version: "mls10", wireformat: "mls_welcome", welcome });
  const refs = await Promise.all(added.map(({ publicPackage: keyPackage }) => refOf(keyPackage)));
  return { bytes, refs };
}

describe("the references in a Welcome", () => {
  it.each([1, 3])("are those of the %i packages that it is addressed to, bare and in an MLSMessage", async (count) => {
    const { bytes, refs } = await welcomeTo(count);
    expect(welcomeRefs(bytes).toSorted()).toEqual(refs.toSorted());
    expect(welcomeRefs(bytes.subarray(4))).toEqual(welcomeRefs(bytes));
  });

  it("are not read from anything else", async () => {
    const { bytes } = await welcomeTo(1);
    const refused = expect.objectContaining({ code: "invalid_argument" });
    for (const wrong of [
      bytes.subarray(0, -1),
      Uint8Array.of(...bytes, 0),
      new Uint8Array(),
      Uint8Array.of(0, 1, 0, 5),
    ]) {
      expect(() => welcomeRefs(wrong)).toThrow(refused);
    }
  });
});
